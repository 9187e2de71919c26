package iadb.train;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.cl.OpenClException.Limit;
import iadb.density.Density;
import iadb.draw.PointSource;
import iadb.train.TrainingSession.Side;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The data of many trainings in one buffer of the device; a data set that several of them draw from is there once. The points of a pair
 * stay, and make room, together.
 */
final class DataPool implements AutoCloseable {
    private final Context context;
    private final int capacity;
    private final DeviceBuffer points; // [slots][capacity][2]
    private final DataSet[] slots; // of which each holds points; null: free
    private final Map<Object, DataSet> byKey = new HashMap<>();

    /** The points of a density, or the pairs (x0, x1) of two. */
    final class DataSet {
        private final Object key;
        private final int[] own; // slots: one, or those of x0 and x1
        private final int count;
        private int users;

        private DataSet(Object key, int[] own, int count) {
            this.key = key;
            this.own = own;
            this.count = count;
        }

        /** The index of its first point, or x0, in {@link #points}. */
        int first() { return own[0] * capacity; }

        /** The index of its first x1 in {@link #points}; of a set without pairs, of its first point. */
        int firstPartner() { return own[own.length - 1] * capacity; }

        /** The number of points or pairs. */
        int count() { return count; }

        /** Gives one use of the set back; a set without uses stays until its slots are needed. */
        void release() { users--; }
    }

    /**
     * @param slots    arrays of points; pairs take two
     * @param capacity the most points of an array
     * @throws DeviceLimitException when the device cannot hold them, or an int cannot number their points
     */
    DataPool(Context context, int slots, int capacity) {
        if ((long) slots * capacity > Integer.MAX_VALUE) {
            throw new DeviceLimitException("%s data sets of %s points are too many for one buffer".formatted(slots, capacity), Limit.MEMORY);
        }
        this.context = context;
        this.capacity = capacity;
        this.slots = new DataSet[slots];
        points = context.buffer((long) slots * capacity * PointSource.POINT_BYTES);
    }

    /** [slots * capacity, 2] */
    DeviceBuffer points() { return points; }

    /** The set of this key, with one more use; empty if it is not on the device. */
    Optional<DataSet> find(Object key) {
        Optional<DataSet> set = Optional.ofNullable(byKey.get(key));
        set.ifPresent(found -> found.users++);
        return set;
    }

    /**
     * A new set with one use, in slots without uses.
     *
     * @param key    equal for equal points
     * @param arrays [count, 2] each: points, or x0 and x1
     */
    DataSet put(Object key, float[]... arrays) {
        int count = arrays[0].length / 2;
        if (count > capacity) {
            throw new IllegalArgumentException("%s points are more than the %s of a slot".formatted(count, capacity));
        }
        DataSet set = new DataSet(key, freeSlots(arrays.length), count);
        for (int i = 0; i < arrays.length; i++) {
            points.write(arrays[i], 2L * set.own[i] * capacity);
        }
        return keep(set);
    }

    /** The points that a training draws from a density that is not one of points, drawn unless they are on the device; with one more use. */
    DataSet drawn(Density density, Side side, TrainingSettings settings) {
        Object key = List.of(density, side, settings.seed());
        return find(key).orElseGet(() -> {
            DataSet set = new DataSet(key, freeSlots(1), settings.data());
            try (PointSource source = new PointSource(context, density);
                    DeviceBuffer drawn = source.draw(settings.seed(), TrainingSession.purpose(side), 0, set.count)) {
                context.copy(drawn, 0, points, (long) set.first() * PointSource.POINT_BYTES, drawn.bytes());
                context.finish(); // before the source is closed
            }
            return keep(set);
        });
    }

    /** Free slots, after sets without uses have made room. */
    private int[] freeSlots(int count) {
        while (Arrays.stream(slots).filter(Objects::isNull).count() < count) {
            DataSet unused = Arrays.stream(slots).filter(set -> set != null && set.users == 0).findFirst().orElseThrow();
            byKey.remove(unused.key);
            Arrays.stream(unused.own).forEach(slot -> slots[slot] = null);
        }
        return IntStream.range(0, slots.length).filter(slot -> slots[slot] == null).limit(count).toArray();
    }

    private DataSet keep(DataSet set) {
        set.users++;
        Arrays.stream(set.own).forEach(slot -> slots[slot] = set);
        byKey.put(set.key, set);
        return set;
    }

    @Override
    public void close() { points.close(); }
}
