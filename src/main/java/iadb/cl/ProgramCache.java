package iadb.cl;

import java.util.ArrayList;
import java.util.List;

/** Programs that a device's compiler made in earlier runs, in the {@link UserCache}. */
final class ProgramCache {
    /** What its entries are called. */
    static final String KIND = "programs";

    private ProgramCache() {
    }

    /** For this device; off where its driver keeps programs itself, in whichever folder the user's lies. */
    static UserCache ofUser(Device device) {
        return device.keepsPrograms() ? UserCache.off() : UserCache.of(KIND);
    }

    /** The name of a program: all that the compiler's output depends on. */
    static String key(Device device, List<Source> sources, List<String> options) {
        List<String> parts = new ArrayList<>(device.identity());
        parts.add(Integer.toString(options.size()));
        parts.addAll(options);
        for (Source source : sources) {
            parts.add(source.name());
            parts.add(source.text());
        }
        return UserCache.key(parts);
    }
}
