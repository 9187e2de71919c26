package iadb.profile;

import iadb.model.NetworkShape;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The amount of measuring. Width, depth and batch are those of trainings in which they do not vary.
 *
 * @param blocks            repetitions of each measurement, of which the median counts
 * @param copiedBytes       size of the memory copied to measure the bandwidth
 * @param mapSteps          T
 * @param iterations        of the whole run whose phases are timed, and of the tutorial in a comparison
 * @param startRuns         runs of one step, for the time from the start to the first step
 * @param peerRounds        rounds of this program and another, for the ratio of their speeds
 * @param peerIterations    iterations of each round
 * @param qualitySeeds      trainings with seeds 0, 1, ... of which the median counts at each checkpoint
 * @param qualitySeconds    a slow program's further seeds are left out after so many seconds of training
 * @param judgedPoints      mapped points that are compared with as many of p1
 * @param usedPoints        moved by the plain map, by the map with its density, and by the inverse
 * @param evaluatedPoints   of the command {@code evaluate}
 * @param sampledPoints     of the command {@code sample}
 * @param everyPlan         whether width and batch vary under every plan, or only under the fastest
 */
public record Settings(String name, int blocks, double blockSeconds, double warmUpSeconds, int copiedBytes, int width, int depth,
        int batch, int mapSteps, List<Integer> mapPoints, List<Integer> widths, List<Integer> batches, int iterations,
        int startRuns, int peerRounds, int peerIterations, int qualitySeeds, double qualitySeconds,
        int judgedPoints, int usedPoints, int evaluatedPoints, int sampledPoints, boolean everyPlan) {
    /** All measurements, in about four minutes on two cores. */
    public static Settings full() {
        return new Settings("full",
                9, 0.5, 1, 256 << 20, // blocks, block and warm-up seconds, copied bytes
                64, 4, 256, 128, // width, depth, batch, map steps
                powersOfTwo(11, 22, 1), // map points
                List.of(16, 32, 48, 64, 96, 128, 192, 256), // widths
                powersOfTwo(5, 12, 1), // batches
                65_536, 5, // iterations, start runs
                3, 1024, // peer rounds and iterations
                3, 10, 32_768, // quality seeds and seconds, judged points
                65_536, 65_536, 10_000_000, // used, evaluated and sampled points
                true); // every plan
    }

    /** Fewer and shorter measurements of the same kinds, within a minute on two cores. */
    public static Settings quick() {
        return new Settings("quick",
                7, 0.12, 0.3, 64 << 20, // blocks, block and warm-up seconds, copied bytes
                64, 4, 256, 128, // width, depth, batch, map steps
                List.of(1 << 11, 1 << 14, 1 << 17, 1 << 20, 1 << 22), // map points
                List.of(32, 64, 128), // widths
                powersOfTwo(6, 10, 2), // batches
                16_384, 3, // iterations, start runs
                3, 1024, // peer rounds and iterations
                1, 5, 8192, // quality seeds and seconds, judged points
                16_384, 65_536, 500_000, // used, evaluated and sampled points
                false); // every plan
    }

    /** The least that exercises every measurement, for tests. */
    public static Settings smoke() {
        return new Settings("smoke",
                3, 0.01, 0.02, 8 << 20, // blocks, block and warm-up seconds, copied bytes
                16, 2, 64, 4, // width, depth, batch, map steps
                List.of(2048, 4096), // map points
                List.of(16), // widths
                List.of(64), // batches
                64, 1, // iterations, start runs
                1, 64, // peer rounds and iterations
                1, 1, 64, // quality seeds and seconds, judged points
                256, 256, 1000, // used, evaluated and sampled points
                false); // every plan
    }

    NetworkShape shape() { return new NetworkShape(width, depth); }

    private static List<Integer> powersOfTwo(int first, int last, int step) {
        return IntStream.iterate(first, exponent -> exponent <= last, exponent -> exponent + step)
                .mapToObj(exponent -> 1 << exponent).toList();
    }
}
