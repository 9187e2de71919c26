package iadb.cl;

/**
 * The duration of a launch.
 *
 * @param kernel      its name
 * @param deviceNanos from start to end on the device's own clock
 * @param hostNanos   that the host spent in the call that enqueued it
 */
public record LaunchTime(String kernel, long deviceNanos, long hostNanos) { }
