package iadb.peer;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Adam;
import ai.djl.training.tracker.Tracker;
import com.google.gson.Gson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The same training with DJL's own means: blocks, a Trainer, a gradient collector, its Adam; a block's random numbers are
 * drawn at once. Points and one JSON object out, by the protocol of tools/peers/protocol.py.
 */
public final class Djl {
    private static final int[] WIDTHS = {3, 64, 64, 64, 64, 2};

    private final Options options;
    private final Trainer trainer;
    private final NDManager manager;
    /** float32 [N, 2] each, and [M, 2]. */
    private final NDArray p0;
    private final NDArray p1;
    private final NDArray start;

    private Djl(Options options, Trainer trainer, NDManager manager) throws IOException {
        this.options = options;
        this.trainer = trainer;
        this.manager = manager;
        p0 = read(options.p0());
        p1 = read(options.p1());
        start = read(options.start());
    }

    public static void main(String[] arguments) throws IOException {
        Options options;
        Engine engine;
        try {
            options = Options.parse(arguments);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.exit(2);
            return;
        }
        try {
            engine = Engine.getEngine("PyTorch");
        } catch (EngineException | UnsatisfiedLinkError e) {
            System.err.println("cannot run here: DJL's PyTorch engine does not start: " + e.getMessage());
            System.exit(3);
            return;
        }
        engine.setRandomSeed(options.seed());
        try (Model model = Model.newInstance("iadb", "PyTorch"); NDManager manager = engine.newBaseManager()) {
            Block network = network();
            model.setBlock(network);
            network.initialize(model.getNDManager(), DataType.FLOAT32, new Shape(options.batch(), WIDTHS[0]));
            Adam adam = Adam.builder().optLearningRateTracker(Tracker.fixed(options.lr())).build();
            // the Trainer wants a Loss; the sum over the batch is not among DJL's, so trainBlock computes its own
            try (Trainer trainer = model.newTrainer(new DefaultTrainingConfig(Loss.l2Loss()).optOptimizer(adam))) {
                trainer.initialize(new Shape(options.batch(), WIDTHS[0]));
                System.out.println(new Gson().toJson(new Djl(options, trainer, manager).run(engine)));
            }
        }
    }

    /** 3-64-64-64-64-2 with ReLU between; weights and biases uniform in ±1/√inputs. */
    private static Block network() {
        SequentialBlock network = new SequentialBlock();
        for (int l = 1; l < WIDTHS.length; l++) {
            float bound = (float) (1 / Math.sqrt(WIDTHS[l - 1]));
            Linear linear = Linear.builder().setUnits(WIDTHS[l]).build();
            linear.setInitializer((m, shape, type) -> m.randomUniform(-bound, bound, shape, type), parameter -> true);
            network.add(linear);
            if (l < WIDTHS.length - 1) {
                network.add(Activation.reluBlock());
            }
        }
        return network;
    }

    private Map<String, Object> run(Engine engine) throws IOException {
        Files.createDirectories(options.out());
        int block = options.blockLength();
        double[] blockSeconds = new double[options.iterations() / block];
        List<Double> mapRates = new ArrayList<>();
        List<Map<String, Object>> checkpoints = new ArrayList<>();
        double seconds = 0;
        for (int b = 0; b < blockSeconds.length; b++) {
            long started = System.nanoTime();
            trainBlock(block);
            blockSeconds[b] = (System.nanoTime() - started) / 1e9;
            seconds += blockSeconds[b];
            int iteration = (b + 1) * block;
            if (options.checkpoints().contains(iteration)) {
                started = System.nanoTime();
                float[] points = map();
                mapRates.add(points.length / 2.0 * options.steps() / ((System.nanoTime() - started) / 1e9));
                String file = "points_" + iteration + ".npy";
                Npy.write(options.out().resolve(file), points);
                Map<String, Object> checkpoint = new LinkedHashMap<>();
                checkpoint.put("iteration", iteration);
                checkpoint.put("seconds", seconds);
                checkpoint.put("points", file);
                checkpoints.add(checkpoint);
                System.err.printf("djl: %d iterations, %.2f s%n", iteration, seconds);
            }
        }
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("peer", "djl");
        result.put("framework", "djl " + Engine.getDjlVersion() + ", libtorch " + engine.getVersion());
        result.put("device", processor());
        result.put("threads", options.threads());
        result.put("microseconds_per_step", 1e6 * median(blockSeconds) / block);
        result.put("fastest_microseconds_per_step", 1e6 * Arrays.stream(blockSeconds).min().orElseThrow() / block);
        result.put("steps_per_block", block);
        result.put("compile_seconds", 0.0);
        result.put("map_point_steps_per_second", mapRates.isEmpty()
                ? null : median(mapRates.stream().mapToDouble(Double::doubleValue).toArray()));
        result.put("checkpoints", checkpoints);
        return result;
    }

    private void trainBlock(int steps) {
        long rows = (long) steps * options.batch();
        try (NDManager scope = manager.newSubManager()) {
            NDArray x0 = draw(scope, p0, rows);
            NDArray x1 = draw(scope, p1, rows);
            NDArray alpha = scope.randomUniform(0, 1, new Shape(rows, 1));
            NDArray target = x1.sub(x0);
            NDList inputs = x0.add(alpha.mul(target)).concat(alpha, 1).split(steps);
            NDList targets = target.split(steps);
            for (int s = 0; s < steps; s++) {
                try (NDManager step = scope.newSubManager(); GradientCollector collector = trainer.newGradientCollector()) {
                    NDArray input = inputs.get(s);
                    input.attach(step);
                    NDArray out = trainer.forward(new NDList(input)).singletonOrThrow();
                    collector.backward(out.sub(targets.get(s)).square().sum());
                }
                trainer.step();
            }
        }
    }

    private static NDArray draw(NDManager scope, NDArray data, long rows) {
        NDArray index = scope.randomInteger(0, data.getShape().get(0), new Shape(rows), DataType.INT64);
        return data.get(scope, new NDIndex("{}", index));
    }

    /** The Euler map of the start points: x ← x + D(x, t/T)/T. */
    private float[] map() {
        try (NDManager scope = manager.newSubManager()) {
            NDArray x = start.duplicate();
            x.attach(scope);
            for (int t = 0; t < options.steps(); t++) {
                try (NDManager step = scope.newSubManager()) {
                    x.attach(step);
                    NDArray alpha = step.full(new Shape(x.getShape().get(0), 1), (float) t / options.steps());
                    NDArray velocity = trainer.evaluate(new NDList(x.concat(alpha, 1))).singletonOrThrow();
                    x = x.add(velocity.div(options.steps()));
                    x.attach(scope);
                }
            }
            return x.toFloatArray();
        }
    }

    private NDArray read(Path file) throws IOException {
        float[] values = Npy.read(file);
        return manager.create(values, new Shape(values.length / 2, 2));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private static String processor() throws IOException {
        try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip()).findFirst().orElse("x86-64");
        }
    }
}
