package iadb.plan;

import iadb.cl.Device;
import iadb.model.NetworkShape;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The compile-time parameters of the network's kernels ({@code cl/network.cl}), and their group sizes. A CPU runs one work-item
 * a group, with the widest vectors and a large tile that stays in its cache; a GPU many items, float4, and a tile that fits its local
 * memory.
 *
 * @param vector       VECTOR, floats a vector: 4, 8 or 16
 * @param tileRows     TILE_ROWS, rows a group holds at once: a multiple of itemRows and of vector
 * @param itemRows     ITEM_ROWS, rows a work-item keeps in registers: a power of two
 * @param itemVectors  ITEM_VECTORS, vectors of columns a work-item keeps in registers
 * @param groupSize    GROUP_SIZE, work-items a group
 * @param unroll       UNROLL_BY, iterations of the products' inner loops that are written out
 * @param split        K_SPLIT, work-items that share a sum of a training step's products: a power of two
 * @param updateGroups groups of the launch that reduces and updates; 0: one a compute unit where a group has one work-item,
 *                     else so many that each work-item has one vector of parameters
 * @param updateGroupSize work-items of each of these groups
 */
public record Tuning(int vector, int tileRows, int itemRows, int itemVectors, int groupSize, int unroll, int split,
        int updateGroups, int updateGroupSize) {
    private static final List<String> WORDS = List.of("vector", "tile-rows", "item-rows", "item-vectors", "group-size", "unroll",
            "split", "update-groups", "update-group-size");
    private static final Map<String, Integer> DEFAULTS = Map.of("unroll", 1, "split", 1); // old checkpoints lack these words
    private static final int MAX_VALUE = 1 << 14; // products of two fit an int
    private static final int MAX_FETCHED_FLOATS = 64; // weights of a layer in the some 250 registers of a work-item
    private static final int MIN_GROUP = 64; // one or two of a GPU's waves: a group whose items do not share sums after all
    private static final long ALIGNMENT = 64; // bytes, of an array in local memory
    private static final int MAX_BLOCKS = 64;

    /** What the kernels of a program hold in local memory. */
    public enum Footprint {
        /** {@code fused.cl}, {@code persistent.cl}: input, target, velocity, all activations, and the parts of shared sums. */
        ALL_LAYERS,
        /** {@code layered.cl}: a layer's input and output. */
        ONE_LAYER,
        /** {@code map.cl}: input, velocity, the step's start, the mean velocity and two layers of activations. */
        TWO_LAYERS,
        /** {@code density.cl}: the same with two tangents, and the state of Newton's method. */
        TWO_LAYERS_WITH_TANGENTS;

        /** Bytes of local memory that a kernel takes at most with a tile of {@code rows} rows. */
        long bytes(NetworkShape shape, int rows, int split, int groupSize, int vector) {
            int floatsPerRow = switch (this) {
                case ALL_LAYERS -> 4 + 2 + 2 + (shape.depth() + (split > 1 ? 1 + split : 0)) * shape.width();
                case ONE_LAYER -> 2 * shape.width();
                case TWO_LAYERS -> 4 + 2 + 2 + 2 + 2 * shape.width();
                case TWO_LAYERS_WITH_TANGENTS -> 4 + 4 + 6 + 2 + 6 + 10 + 6 * shape.width();
            };
            // copies of the small tensors where items share sums, else what they exchange in the Adam step
            int others = this != ALL_LAYERS || groupSize == 1 ? 0
                    : split > 1 ? shape.bufferFloats() - shape.transposedFloats() : groupSize * vector;
            int alignedArrays = this == TWO_LAYERS_WITH_TANGENTS ? 14 : 6;
            return 4L * rows * floatsPerRow + 4L * others + ALIGNMENT * alignedArrays;
        }
    }

    /**
     * Reads the words of {@link #toString}.
     *
     * @throws IllegalArgumentException for other words, or values that no kernel can be built with
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
                && Integer.bitCount(itemRows) == 1 && tileRows > 0 && tileRows % Math.max(vector, itemRows) == 0 && itemVectors > 0
                && groupSize > 0 && unroll > 0 && Integer.bitCount(split) == 1 && updateGroupSize > 0
                && (groupSize == 1 || groupSize % vector == 0 && updateGroupSize % vector == 0);
    }

    /** This tuning with another value of one of its words, which need not fit the others. */
    public Tuning with(String word, int value) {
        int[] values = values();
        values[WORDS.indexOf(word)] = value;
        return of(values);
    }

    /** The words that set the order of a training's sums, and so its bits; of a tuning that was made to fit. */
    public String bits() { return "vector=" + vector + " tile-rows=" + tileRows + " split=" + split; }

    /**
     * This tuning made to fit a device for batches of {@code rows} rows. Where a group is one work-item, tiles get so small that each
     * compute unit has one: there the order of a gradient's sums, and so its bits, depends on the device.
     *
     * @return empty when nothing fits
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

    /** This tuning made to fit a device; empty when nothing fits. */
    public Optional<Tuning> fit(NetworkShape shape, Footprint footprint, Device device) {
        return fit(shape, footprint, device.localBytes(), device.maxGroupSize(), device.computeUnits());
    }

    /**
     * This tuning with a smaller group, sums shared by fewer items, fewer rows, then narrower vectors, until it meets the limits.
     *
     * @param localBytes   local memory of a group
     * @param maxGroupSize work-items of a group
     * @param computeUnits of the device; 0: not known
     * @return empty when nothing fits
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
                        && blocks * s % v == 0 && shape.width() % s == 0
                        && shape.width() / s * vectors * v <= MAX_FETCHED_FLOATS;
                if (rows >= step && (s == 1 || canShare)) {
                    int busy = s > 1 ? blocks * s : split == 1 ? group
                            : Math.min(group, Math.max(MIN_GROUP, Integer.highestOneBit(blocks)));
                    int updates = within(updateGroupSize, Math.min(maxGroupSize, localBytes / (4L * v)), busy == 1 ? 1 : v);
                    int enough = busy == 1 ? computeUnits : ceilDiv(ceilDiv(shape.bufferFloats(), v), updates);
                    return Optional.of(new Tuning(v, rows, itemRows, vectors, busy, unroll, s,
                            updateGroups == 0 ? enough : updateGroups, updates));
                }
            }
        }
        return Optional.empty();
    }

    /** A group size that a device can have: at least {@code least}, or 1. */
    private static int within(int groupSize, long maxGroupSize, int least) {
        int size = (int) Math.min(groupSize, Long.highestOneBit(maxGroupSize));
        return size < least ? 1 : size;
    }

    /** Build options for a network of this shape on a device. */
    public List<String> options(NetworkShape shape, Device device) { return options(shape, device.fusesMultiplyAdd()); }

    /** Build options for a network of this shape on a device with or without a fused multiply-add. */
    List<String> options(NetworkShape shape, boolean fusesMultiplyAdd) {
        return List.of("-cl-std=CL1.2", "-cl-denorms-are-zero", fusesMultiplyAdd ? "-DHAS_FMA" : "",
                "-DWIDTH=" + shape.width(), "-DDEPTH=" + shape.depth(),
                "-DVECTOR=" + vector, "-DTILE_ROWS=" + tileRows, "-DITEM_ROWS=" + itemRows,
                "-DITEM_VECTORS=" + itemVectors, "-DGROUP_SIZE=" + groupSize, "-DUNROLL_BY=" + unroll, "-DK_SPLIT=" + split,
                "-DUPDATE_GROUP_SIZE=" + updateGroupSize);
    }

    /** Tiles of a batch. */
    public int tiles(int batch) { return ceilDiv(batch, tileRows); }

    /** Tiles whose gradients are added up in one block, in order; depends on the batch, not on the number of groups. */
    public int blockTiles(int batch) { return ceilDiv(tiles(batch), MAX_BLOCKS); }

    /** Blocks of gradients of a batch, which are kept apart before they are added. */
    public int blocks(int batch) { return ceilDiv(tiles(batch), blockTiles(batch)); }

    private static int ceilDiv(int count, int size) { return (count + size - 1) / size; }

    @Override
    public String toString() {
        int[] values = values();
        return IntStream.range(0, values.length).mapToObj(i -> WORDS.get(i) + "=" + values[i]).collect(Collectors.joining(" "));
    }
}
