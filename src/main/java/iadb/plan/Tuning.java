package iadb.plan;

import iadb.cl.Device;
import iadb.model.NetworkShape;
import java.util.List;
import java.util.Optional;

/**
 * The compile-time parameters of the network's kernels ({@code cl/network.cl}) and the group sizes that go with them.
 *
 * <p>A CPU wants one work-item a group with the widest vectors and a large tile that stays in its cache; a GPU wants
 * many items, float4, and a tile that fits its local memory.
 *
 * @param vector       VECTOR, floats a vector: 4, 8 or 16
 * @param tileRows     TILE_ROWS, rows a group holds at once: a multiple of itemRows and of vector
 * @param itemRows     ITEM_ROWS, rows a work-item keeps in registers
 * @param itemVectors  ITEM_VECTORS, vectors of columns a work-item keeps in registers
 * @param groupSize    GROUP_SIZE, work-items a group
 * @param updateGroups groups of the launch that reduces and updates
 */
public record Tuning(int vector, int tileRows, int itemRows, int itemVectors, int groupSize, int updateGroups) {
    /** Blocks of gradients that are kept apart before they are added: more tiles share a block, in order. */
    private static final int MAX_BLOCKS = 64;

    /** What a kernel holds in local memory, as floats a row of its tile. */
    public enum Footprint {
        /** {@code fused.cl}: input, target, velocity and all activations. */
        ALL_LAYERS,
        /** {@code layered.cl}: a layer's input and output. */
        ONE_LAYER,
        /** {@code map.cl}: input, velocity and two layers of activations. */
        TWO_LAYERS;

        int floatsPerRow(NetworkShape shape) {
            return switch (this) {
                case ALL_LAYERS -> 4 + 2 + 2 + shape.depth() * shape.width();
                case ONE_LAYER -> 2 * shape.width();
                case TWO_LAYERS -> 4 + 2 + 2 * shape.width();
            };
        }
    }

    /** A plain tuning for the device's type; {@link #fit} makes it fit a network and the device's limits. */
    public static Tuning defaultFor(Device device) {
        if (device.type() == Device.Type.CPU) {
            int vector = Math.max(4, Math.min(16, Integer.highestOneBit(device.nativeVectorFloats())));
            // 4 × 4 sums fit 32 registers (AVX-512, NEON), 4 × 2 the 16 of AVX2.
            return new Tuning(vector, 128, 4, vector == 8 ? 2 : 4, 1, device.computeUnits());
        }
        return new Tuning(4, 16, 4, 1, 64, Math.max(1, Math.min(16, device.computeUnits())));
    }

    /** Bytes of local memory that a kernel of this tuning takes. */
    public long localBytes(NetworkShape shape, Footprint footprint) {
        return 4L * tileRows * footprint.floatsPerRow(shape);
    }

    /**
     * This tuning made to fit: a smaller group, fewer rows, then narrower vectors, until the device's limits are met.
     *
     * @param rows rows that there are in all (a batch, or points): they are spread over the device's compute units
     * @return empty when nothing fits
     */
    public Optional<Tuning> fit(NetworkShape shape, Footprint footprint, Device device, int rows) {
        for (int v = vector; v >= 4; v /= 2) {
            int vectors = itemVectors;
            while (shape.width() / v % vectors != 0) {
                vectors--;
            }
            int step = Math.max(v, itemRows);
            int perUnit = (rows + device.computeUnits() - 1) / device.computeUnits();
            int fitting = Math.min(tileRows, Math.max(step, (perUnit + step - 1) / step * step));
            int group = groupSize;
            while (group > device.maxGroupSize()) {
                group /= 2;
            }
            // a tuning whose rows shrink to this device: the largest multiple of the step within its local memory
            long most = device.localBytes() / (4L * footprint.floatsPerRow(shape));
            fitting = (int) Math.min(fitting, most / step * step);
            if (fitting >= step && group >= 1) {
                return Optional.of(new Tuning(v, fitting, itemRows, vectors, group, updateGroups));
            }
        }
        return Optional.empty();
    }

    /** Build options for a network of this shape. */
    public List<String> options(NetworkShape shape) {
        return List.of("-cl-std=CL1.2", "-cl-denorms-are-zero", "-DWIDTH=" + shape.width(), "-DDEPTH=" + shape.depth(),
                "-DVECTOR=" + vector, "-DTILE_ROWS=" + tileRows, "-DITEM_ROWS=" + itemRows,
                "-DITEM_VECTORS=" + itemVectors, "-DGROUP_SIZE=" + groupSize);
    }

    /** Tiles of a batch. */
    public int tiles(int batch) {
        return (batch + tileRows - 1) / tileRows;
    }

    /** Tiles that add their gradients up in one block, in order; a matter of the batch alone, not of the device. */
    public int blockTiles(int batch) {
        return (tiles(batch) + MAX_BLOCKS - 1) / MAX_BLOCKS;
    }

    /** Blocks of gradients of a batch. */
    public int blocks(int batch) {
        return (tiles(batch) + blockTiles(batch) - 1) / blockTiles(batch);
    }

    @Override
    public String toString() {
        return "vector=%d tile-rows=%d item-rows=%d item-vectors=%d group-size=%d update-groups=%d".formatted(
                vector, tileRows, itemRows, itemVectors, groupSize, updateGroups);
    }
}
