package iadb.cl;

/** Devices that are not here: a device of this machine with other facts, which what is built for it must respect. */
public final class OtherDevice {
    private OtherDevice() {
    }

    /** With a work-group size and local memory (bytes) of at most these. */
    public static Device limited(Device d, long groupSize, long localBytes) {
        return copy(d, Math.min(groupSize, d.maxGroupSize()), Math.min(localBytes, d.localBytes()), d.fence(), d.uuid());
    }

    /** With another way to order memory between work-groups. */
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
