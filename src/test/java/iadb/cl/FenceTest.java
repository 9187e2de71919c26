package iadb.cl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.fault.InvalidInputException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which fence a device gets, for the facts of devices that this machine lacks, and how a device is selected. */
class FenceTest {
    private static final long RELAXED_IN_GROUP = 1 << 0 | 1 << 4;
    private static final long ACQ_REL_ON_DEVICE = RELAXED_IN_GROUP | 1 << 1 | 1 << 5;

    private static Fence of(boolean isCpu, String architecture, String platform, int openClMajor, int nvidiaMajor, long atomics) {
        return Fence.of(new Fence.Facts(isCpu, architecture, platform, openClMajor, nvidiaMajor, atomics));
    }

    @Test
    void nvidiaUsesItsOwnInstructions() {
        assertEquals(Fence.ACQ_REL, of(false, "amd64", "NVIDIA CUDA", 3, 9, RELAXED_IN_GROUP));
        assertEquals(Fence.ACQ_REL, of(false, "aarch64", "NVIDIA CUDA", 3, 7, 0));
        assertEquals(Fence.MEMBAR, of(false, "amd64", "NVIDIA CUDA", 1, 6, 0));
        assertEquals(Fence.MEMBAR, of(false, "amd64", "NVIDIA CUDA", 3, 0, 0), "every NVIDIA GPU has it");
    }

    @Test
    void amdUsesTheFenceOfItsCompiler() {
        assertEquals(Fence.AMDGCN, of(false, "amd64", "AMD Accelerated Parallel Processing", 2, 0, ACQ_REL_ON_DEVICE));
        assertEquals(Fence.NONE, of(false, "amd64", "rusticl", 3, 0, RELAXED_IN_GROUP), "which is not AMD's compiler");
    }

    @Test
    void othersUseTheFenceThatTheyReport() {
        assertEquals(Fence.OPENCL_2, of(false, "amd64", "Intel(R) OpenCL HD Graphics", 2, 0, ACQ_REL_ON_DEVICE));
        assertEquals(Fence.OPENCL_3, of(false, "amd64", "Intel(R) OpenCL Graphics", 3, 0, ACQ_REL_ON_DEVICE));
        assertEquals(Fence.NONE, of(false, "amd64", "Intel(R) OpenCL Graphics", 3, 0, ACQ_REL_ON_DEVICE & ~(1L << 5)));
        assertEquals(Fence.NONE, of(false, "amd64", "Intel(R) OpenCL Graphics", 3, 0, ACQ_REL_ON_DEVICE & ~(1L << 1)));
        assertEquals(Fence.NONE, of(false, "aarch64", "Apple", 1, 0, 0));
    }

    @Test
    void onlyProcessorsThatOrderMemoryNeedNoFence() {
        assertEquals(Fence.X86, of(true, "amd64", "Portable Computing Language", 1, 0, 0));
        assertEquals(Fence.X86, of(true, "x86_64", "Apple", 1, 0, 0));
        assertEquals(Fence.OPENCL_3, of(true, "aarch64", "Portable Computing Language", 3, 0, ACQ_REL_ON_DEVICE));
        assertEquals(Fence.NONE, of(true, "aarch64", "Portable Computing Language", 1, 0, 0));
    }

    @Test
    void aFenceChangesNoMoreOptionsThanItMust() {
        List<String> options = List.of("-cl-std=CL1.2", "-DWIDTH=64");
        assertEquals(options, Fence.X86.options(options));
        assertEquals(List.of("-cl-std=CL1.2", "-DWIDTH=64", "-DFENCE_ACQ_REL"), Fence.ACQ_REL.options(options));
        assertEquals(List.of("-cl-std=CL3.0", "-DWIDTH=64", "-DFENCE_ATOMICS"), Fence.OPENCL_3.options(options));
    }

    @Test
    void aDeviceIsNamedByAPartOfItsName() {
        for (String text : List.of("h200", "nvidia", "A H2")) {
            assertTrue(Device.isNamed(text, "NVIDIA H200"), text);
        }
        for (String text : List.of("", " ", "h100")) {
            assertFalse(Device.isNamed(text, "NVIDIA H200"), text);
        }
    }

    @Test
    void aDeviceIsIdentifiedByTheBeginningOfItsUuid() {
        String uuid = "4cf4a1be8d0f4a4b9c1e0a2b3c4d5e6f";
        for (String text : List.of("4cf4a1be", "4CF4A1BE-8d0f", "GPU-4cf4a1be", uuid, "GPU-4cf4a1be-8d0f-4a4b-9c1e-0a2b3c4d5e6f")) {
            assertTrue(Device.identifies(text, uuid), text);
        }
        for (String text : List.of("", " ", "4cf4a1b", "GPU-", "4cf4a1bf", "a1be8d0f", uuid + "00")) {
            assertFalse(Device.identifies(text, uuid), text);
        }
        assertFalse(Device.identifies("4cf4a1be", ""), "a driver that reports no UUID");
    }

    @Test
    void anAmbiguousNameSelectsTheFirstDeviceAndAnAmbiguousUuidIsRefused() {
        Device device = Device.all().get(0);
        Device first = OtherDevice.withUuid(device, "4cf4a1be" + "0".repeat(24));
        Device second = OtherDevice.withUuid(device, "4cf4a1be" + "1".repeat(24));
        List<Device> both = List.of(first, second);
        assertSame(first, Device.select(device.name(), both));
        assertSame(second, Device.select("GPU-4cf4a1be-1", both));
        String message = assertThrows(InvalidInputException.class, () -> Device.select("GPU-4cf4a1be", both)).getMessage();
        assertTrue(message.contains(first.uuid()) && message.contains(second.uuid()), message);
    }
}
