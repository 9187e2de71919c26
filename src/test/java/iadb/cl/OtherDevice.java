package iadb.cl;

/** Devices that this machine lacks: one of its devices with other limits, fences or names. */
public final class OtherDevice {
    private OtherDevice() {
    }

    /** With a work-group size and local memory (bytes) of at most these. */
    public static Device limited(Device d, long groupSize, long localBytes) {
        return copy(d, Math.min(groupSize, d.maxGroupSize()), Math.min(localBytes, d.localBytes()), d.fence(), d.uuid());
    }

    /** With another fence between work-groups. */
    public static Device with(Device d, Fence fence) {
        return copy(d, d.maxGroupSize(), d.localBytes(), fence, d.uuid());
    }

    static Device withUuid(Device d, String uuid) {
        return copy(d, d.maxGroupSize(), d.localBytes(), d.fence(), uuid);
    }

    private static Device copy(Device d, long groupSize, long localBytes, Fence fence, String uuid) {
        return new Device(d.handle(), d.index(), d.platformName(), d.platformVersion(), d.name(), d.driver(), d.version(), uuid,
                d.type(), d.computeUnits(), d.nativeVectorFloats(), d.fusesMultiplyAdd(), groupSize, localBytes, d.globalBytes(),
                d.maxBufferBytes(), d.claimsGlSharing(), d.atomics(), fence);
    }
}
