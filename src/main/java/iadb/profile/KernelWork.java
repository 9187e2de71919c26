package iadb.profile;

import iadb.model.NetworkShape;
import iadb.plan.Tuning;
import java.util.Optional;

/**
 * What a kernel has to do: operations that the method asks for, whatever the kernel does besides, and bytes that it moves
 * to or from global memory, caches or not. The formulas are those of the banners in {@code cl/}.
 *
 * @param flops a multiply-add being two
 * @param bytes read and written
 */
record KernelWork(double flops, double bytes) {
    /** Of all launches of the kernel in one training step; empty for a kernel that is not known. */
    static Optional<KernelWork> ofTrainingStep(String kernel, NetworkShape shape, int batch, Tuning tuning) {
        double w = shape.width();
        double hidden = shape.depth() - 1;
        double b = batch;
        double blocks = tuning.blocks(batch);
        double tiles = tuning.tiles(batch);
        double square = 4 * w * w;
        return Optional.ofNullable(switch (kernel) {
            case "fused_gradient" -> gradient(shape, batch, tuning);
            case "update" -> update(shape, batch, tuning);
            case "layered_rows" -> new KernelWork(6 * b, 40 * b);
            case "layered_forward_first" -> new KernelWork(6 * w * b, (16 + 4 * w) * b + 16 * w * tiles);
            case "layered_forward" -> new KernelWork(hidden * 2 * w * w * b, hidden * (8 * w * b + square * tiles));
            case "layered_output" -> new KernelWork(4 * w * b, (16 + 4 * w) * b);
            case "layered_backward_output" -> new KernelWork(8 * w * b, 8 * (1 + w) * b + 8 * w * blocks);
            case "layered_backward" -> new KernelWork(hidden * 4 * w * w * b,
                    hidden * (12 * w * b + square * tiles + square * blocks));
            case "layered_backward_first" -> new KernelWork(6 * w * b, (16 + 4 * w) * b + 16 * w * blocks);
            default -> kernel.startsWith("persistent")
                    ? gradient(shape, batch, tuning).plus(update(shape, batch, tuning)) : null;
        });
    }

    /** Of {@code points} points moved by {@code steps} steps of the map. */
    static KernelWork ofMap(NetworkShape shape, double points, double steps) {
        return new KernelWork(shape.forwardFlops() * points * steps, 16 * points);
    }

    private static KernelWork gradient(NetworkShape shape, int batch, Tuning tuning) {
        double parameters = 4.0 * shape.bufferFloats();
        double read = tuning.tiles(batch) * (parameters + 4.0 * shape.transposedFloats());
        return new KernelWork((double) shape.trainingFlops() * batch, read + tuning.blocks(batch) * parameters + 16.0 * batch);
    }

    private static KernelWork update(NetworkShape shape, int batch, Tuning tuning) {
        double blocks = tuning.blocks(batch);
        return new KernelWork((blocks + 12) * shape.parameters(),
                (blocks + 6) * 4 * shape.bufferFloats() + 4.0 * shape.transposedFloats());
    }

    private KernelWork plus(KernelWork other) {
        return new KernelWork(flops + other.flops, bytes + other.bytes);
    }
}
