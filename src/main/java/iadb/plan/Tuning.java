package iadb.plan;

import iadb.cl.Device;
import iadb.cl.Source;
import iadb.model.NetworkShape;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The compile-time parameters of the network's kernels ({@code cl/network.cl}), and their group sizes. A CPU runs groups of one
 * work-item with the widest vectors and a large tile that stays in its cache; a GPU runs groups of many work-items with float4
 * and a tile that fits its local memory.
 *
 * @param vector       VECTOR, floats of a vector: 4, 8 or 16
 * @param tileRows     TILE_ROWS, rows that a group holds at once: a multiple of itemRows and of vector
 * @param itemRows     ITEM_ROWS, rows that a work-item keeps in registers: a power of two
 * @param itemVectors  ITEM_VECTORS, vectors of columns that a work-item keeps in registers
 * @param groupSize    GROUP_SIZE, work-items of a group
 * @param unroll       UNROLL_BY, unrolled iterations of the products' inner loops
 * @param split        K_SPLIT, work-items that share a sum of a training step's products: a power of two
 * @param updateGroups groups of the launch that reduces and updates; 0: one for each compute unit if a group has one work-item,
 *                     else one work-item for each vector of parameters
 * @param updateGroupSize work-items of each of these groups
 */
public record Tuning(int vector, int tileRows, int itemRows, int itemVectors, int groupSize, int unroll, int split,
        int updateGroups, int updateGroupSize) {
    private static final List<String> WORDS = List.of("vector", "tile-rows", "item-rows", "item-vectors", "group-size", "unroll",
            "split", "update-groups", "update-group-size");
    private static final Map<String, Integer> DEFAULTS = Map.of("unroll", 1, "split", 1); // old checkpoints lack both
    private static final int MAX_VALUE = 1 << 14; // so that a product of two fits an int
    private static final int MAX_FETCHED_FLOATS = 64; // weights of a layer that a work-item keeps in its about 250 registers
    private static final int MIN_GROUP = 64; // one or two waves of a GPU; for a split tuning without shared sums
    private static final long ALIGNMENT = 64; // bytes, of each array in local memory
    private static final int MAX_BLOCKS = 64;

    /** What the kernels of a program hold in local memory. */
    public enum Footprint {
        /** {@code fused.cl}, {@code persistent.cl}: input, target, velocity, all activations, and partial sums. */
        ALL_LAYERS,
        /** {@code layered.cl}: a layer's input and output. */
        ONE_LAYER,
        /** {@code map.cl}: input, velocity, the step's start, the mean velocity and two layers of activations. */
        TWO_LAYERS,
        /** {@code density.cl}: as {@link #TWO_LAYERS}, with two tangents and the state of Newton's method. */
        TWO_LAYERS_WITH_TANGENTS;

        /** SMALL_FLOATS: the first layer without features, the biases and the output layer. */
        private static int smallFloats(NetworkShape shape) {
            return shape.directionsOffset() - (shape.depth() - 1) * shape.width() * shape.width() - 2 * shape.features() * shape.width();
        }

        /** The most bytes of local memory that a kernel takes with a tile of {@code rows} rows. */
        long bytes(NetworkShape shape, int rows, int split, int groupSize, int vector) {
            int inputs = 1 + shape.inputs(0);
            int tangentInputs = 2 * (shape.features() == 0 ? 2 : inputs);
            int floatsPerRow = switch (this) {
                case ALL_LAYERS -> inputs + 2 + 2 + (shape.depth() + (split > 1 ? 1 + split : 0)) * shape.width();
                case ONE_LAYER -> Math.max(inputs, shape.width()) + shape.width();
                case TWO_LAYERS -> inputs + 2 + 2 + 2 + 2 * shape.width();
                case TWO_LAYERS_WITH_TANGENTS -> inputs + tangentInputs + 6 + 2 + 6 + 10 + 6 * shape.width();
            };
            // copies of the small tensors if work-items share sums, else the data that they exchange in the Adam step
            int others = this != ALL_LAYERS || groupSize == 1 ? 0
                    : split > 1 ? smallFloats(shape) : groupSize * vector;
            int alignedArrays = this == TWO_LAYERS_WITH_TANGENTS ? 14 : 6;
            return 4L * rows * floatsPerRow + 4L * others + ALIGNMENT * alignedArrays;
        }
    }

    /**
     * Parses the text of {@link #toString}.
     *
     * @throws IllegalArgumentException for unknown words, or values that no kernel can be built with
     */
    public static Tuning parse(String words) {
        Map<String, Integer> values = new HashMap<>(DEFAULTS);
        for (String word : words.trim().split("\\s+")) {
            String[] pair = word.split("=", 2);
            values.put(pair[0], pair.length < 2 ? -1 : Integer.valueOf(pair[1]));
        }
        Tuning tuning = of(WORDS.stream().mapToInt(word -> values.getOrDefault(word, -1)).toArray());
        if (values.size() != WORDS.size() || !tuning.isValid()) {
            throw new IllegalArgumentException("no kernel can be built with " + words);
        }
        return tuning;
    }

    private static Tuning of(int[] v) { return new Tuning(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8]); }

    private int[] values() {
        return new int[] {vector, tileRows, itemRows, itemVectors, groupSize, unroll, split, updateGroups, updateGroupSize};
    }

    private boolean isValid() {
        return Arrays.stream(values()).allMatch(n -> n >= 0 && n <= MAX_VALUE) && (vector == 4 || vector == 8 || vector == 16)
                && Integer.bitCount(itemRows) == 1 && tileRows > 0 && tileRows % Math.max(vector, itemRows) == 0
                && itemVectors > 0 && groupSize > 0 && unroll > 0 && Integer.bitCount(split) == 1 && updateGroupSize > 0
                && (groupSize == 1 || groupSize % vector == 0 && updateGroupSize % vector == 0);
    }

    /** This tuning with another value of one word; the result may be invalid. */
    public Tuning with(String word, int value) {
        int[] values = values();
        values[WORDS.indexOf(word)] = value;
        return of(values);
    }

    /** The words that determine the order of a training's sums, and so its bits. Meant for a fitted tuning. */
    public String bits() { return "vector=" + vector + " tile-rows=" + tileRows + " split=" + split; }

    /**
     * This tuning fitted to a device for batches of {@code rows} rows. With groups of one work-item, tiles get small enough for
     * each compute unit to have one; the order of a gradient's sums, and so its bits, then depends on the device.
     *
     * @return empty if nothing fits
     */
    public Optional<Tuning> fit(NetworkShape shape, Footprint footprint, Device device, int rows) {
        if (groupSize > 1) {
            return fit(shape, footprint, device);
        }
        int step = Math.max(vector, itemRows);
        long perUnit = (rows + device.computeUnits() - 1L) / device.computeUnits();
        int spread = (int) Math.min(tileRows, (perUnit + step - 1) / step * step);
        return with("tile-rows", spread).fit(shape, footprint, device);
    }

    /** This tuning fitted to a device; empty if nothing fits. */
    public Optional<Tuning> fit(NetworkShape shape, Footprint footprint, Device device) {
        return fit(shape, footprint, device.localBytes(), device.maxGroupSize(), device.computeUnits());
    }

    /**
     * This tuning with a smaller group, sums shared by fewer work-items, fewer rows, then narrower vectors, until it meets the
     * limits.
     *
     * @param localBytes   most local memory of a group
     * @param maxGroupSize most work-items of a group
     * @param computeUnits of the device; 0: unknown
     * @return empty if nothing fits
     */
    Optional<Tuning> fit(NetworkShape shape, Footprint footprint, long localBytes, long maxGroupSize, int computeUnits) {
        for (int v = vector; v >= 4; v /= 2) {
            int vectors = itemVectors;
            while (shape.width() / v % vectors != 0) {
                vectors--;
            }
            int step = Math.max(v, itemRows);
            int wholeTile = tileRows / step * step;
            int group = within(groupSize, maxGroupSize, v);
            for (int s = split; s >= 1; s /= 2) {
                long withoutRows = footprint.bytes(shape, 0, s, group, v);
                long fitting = (localBytes - withoutRows) / (footprint.bytes(shape, 1, s, group, v) - withoutRows);
                int rows = (int) Math.min(wholeTile, fitting / step * step);
                int blocks = rows / itemRows * (shape.width() / (v * vectors));
                boolean canShare = footprint == Footprint.ALL_LAYERS && rows == wholeTile && blocks * s <= group
                        && blocks * s % v == 0 && shape.width() % s == 0 && 2 * shape.features() % s == 0
                        && shape.width() / s * vectors * v <= MAX_FETCHED_FLOATS;
                if (rows >= step && (s == 1 || canShare)) {
                    int busy = s > 1 ? blocks * s : split == 1 ? group
                            : Math.min(group, Math.max(MIN_GROUP, Integer.highestOneBit(blocks)));
                    int updates = within(updateGroupSize, Math.min(maxGroupSize, localBytes / (4L * v)), busy == 1 ? 1 : v);
                    int enough = busy == 1 ? computeUnits : ceilDiv(ceilDiv(shape.directionsOffset(), v), updates);
                    return Optional.of(new Tuning(v, rows, itemRows, vectors, busy, unroll, s,
                            updateGroups == 0 ? enough : updateGroups, updates));
                }
            }
        }
        return Optional.empty();
    }

    /** The group size within a device's limit, or 1 if that is below {@code least}. */
    private static int within(int groupSize, long maxGroupSize, int least) {
        int size = (int) Math.min(groupSize, Long.highestOneBit(maxGroupSize));
        return size < least ? 1 : size;
    }

    /** Build options for a network of this shape on a device. */
    public List<String> options(NetworkShape shape, Device device) { return options(shape, device.fusesMultiplyAdd()); }

    /** Build options for a network of this shape. */
    List<String> options(NetworkShape shape, boolean fusesMultiplyAdd) {
        return List.of(Source.STANDARD, "-cl-denorms-are-zero", fusesMultiplyAdd ? "-DHAS_FMA" : "",
                "-DWIDTH=" + shape.width(), "-DDEPTH=" + shape.depth(),
                shape.features() > 0 ? "-DFEATURES=" + shape.features() : "",
                "-DVECTOR=" + vector, "-DTILE_ROWS=" + tileRows, "-DITEM_ROWS=" + itemRows,
                "-DITEM_VECTORS=" + itemVectors, "-DGROUP_SIZE=" + groupSize, "-DUNROLL_BY=" + unroll, "-DK_SPLIT=" + split,
                "-DUPDATE_GROUP_SIZE=" + updateGroupSize);
    }

    /** The number of tiles of a batch. */
    public int tiles(int batch) { return ceilDiv(batch, tileRows); }

    /** The number of tiles whose gradients are added in order in one block; depends on the batch, not on the number of groups. */
    public int blockTiles(int batch) { return ceilDiv(tiles(batch), MAX_BLOCKS); }

    /** The number of blocks of gradients of a batch. */
    public int blocks(int batch) { return ceilDiv(tiles(batch), blockTiles(batch)); }

    private static int ceilDiv(int count, int size) { return (count + size - 1) / size; }

    @Override
    public String toString() {
        int[] values = values();
        return IntStream.range(0, values.length).mapToObj(i -> WORDS.get(i) + "=" + values[i]).collect(Collectors.joining(" "));
    }
}
