package iadb.train;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.cl.OpenClException.Limit;
import iadb.density.Density;
import iadb.draw.PointSource;
import iadb.train.TrainingSession.Side;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** The data of many trainings in one buffer of the device; a set that several of them draw from is there once. */
final class DataPool implements AutoCloseable {
    private final Context context;
    private final int capacity;
    private final DeviceBuffer points; // [slots][capacity][2]
    private final Set[] slots; // null: never used
    private final Map<Object, Set> byKey = new HashMap<>();

    /** A data set. */
    final class Set {
        private final Object key;
        private final int slot;
        private final int count;
        private int users;

        private Set(Object key, int slot, int count) {
            this.key = key;
            this.slot = slot;
            this.count = count;
        }

        /** The index of its first point in {@link #points}. */
        int first() { return slot * capacity; }

        int count() { return count; }

        /** Gives one use of the set back; a set without uses stays until its slot is needed. */
        void release() { users--; }
    }

    /**
     * @param slots    data sets
     * @param capacity the most points of a set
     * @throws DeviceLimitException when the device cannot hold them, or an int cannot number their points
     */
    DataPool(Context context, int slots, int capacity) {
        if ((long) slots * capacity > Integer.MAX_VALUE) {
            throw new DeviceLimitException("%s data sets of %s points are too many for one buffer".formatted(slots, capacity), Limit.MEMORY);
        }
        this.context = context;
        this.capacity = capacity;
        this.slots = new Set[slots];
        points = context.buffer((long) slots * capacity * PointSource.POINT_BYTES);
    }

    /** [slots * capacity, 2] */
    DeviceBuffer points() { return points; }

    /** The set of this key, with one more use; empty if it is not on the device. */
    Optional<Set> find(Object key) {
        Optional<Set> set = Optional.ofNullable(byKey.get(key));
        set.ifPresent(found -> found.users++);
        return set;
    }

    /**
     * A new set with one use, in a slot without uses.
     *
     * @param key equal for equal points
     * @param xy  [count, 2]
     */
    Set put(Object key, float[] xy) {
        Set set = new Set(key, freeSlot(), xy.length / 2);
        points.write(xy, 2L * set.first());
        return keep(set);
    }

    /** The points that a training draws from a density that is not one of points, drawn unless they are on the device; with one more use. */
    Set drawn(Density density, Side side, TrainingSettings settings) {
        Object key = List.of(density, side, settings.seed());
        return find(key).orElseGet(() -> {
            Set set = new Set(key, freeSlot(), settings.data());
            try (PointSource source = new PointSource(context, density);
                    DeviceBuffer drawn = source.draw(settings.seed(), TrainingSession.purpose(side), 0, set.count)) {
                context.copy(drawn, 0, points, (long) set.first() * PointSource.POINT_BYTES, drawn.bytes());
                context.finish(); // before the source is closed
            }
            return keep(set);
        });
    }

    private int freeSlot() {
        int slot = IntStream.range(0, slots.length).filter(i -> slots[i] == null).findFirst()
                .orElseGet(() -> IntStream.range(0, slots.length).filter(i -> slots[i].users == 0).findFirst().orElseThrow());
        if (slots[slot] != null) {
            byKey.remove(slots[slot].key);
            slots[slot] = null;
        }
        return slot;
    }

    private Set keep(Set set) {
        set.users++;
        slots[set.slot] = set;
        byKey.put(set.key, set);
        return set;
    }

    @Override
    public void close() { points.close(); }
}
