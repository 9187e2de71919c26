package iadb.cl;

import static iadb.cl.DeviceInfo.CL_DEVICE_ATOMIC_ORDER_ACQ_REL;
import static iadb.cl.DeviceInfo.CL_DEVICE_ATOMIC_SCOPE_DEVICE;

import java.util.ArrayList;
import java.util.List;

/**
 * How a device's kernels order global memory between work-groups; each constant is a variant of {@code cl/barrier.cl}. Without a
 * fence, a group may not see what another group wrote before the barrier.
 */
public enum Fence {
    /** Memory is ordered by the hardware. */
    X86("x86 memory order", "", ""),
    /** NVIDIA's instruction for every GPU; slower than {@link #ACQ_REL}. */
    MEMBAR("membar.gl", "-DFENCE_MEMBAR", ""),
    /** NVIDIA's instruction from compute capability 7.0 on. */
    ACQ_REL("fence.acq_rel.gpu", "-DFENCE_ACQ_REL", ""),
    /** A builtin function of AMD's compiler. */
    AMDGCN("agent-scope fence", "-DFENCE_AMDGCN", ""),
    /** OpenCL C 2.0 requires {@code atomic_work_item_fence} at device scope. */
    OPENCL_2("atomic_work_item_fence", "-DFENCE_ATOMICS", "-cl-std=CL2.0"),
    /** In OpenCL 3.0 the same is optional, and the device reports it. */
    OPENCL_3("atomic_work_item_fence", "-DFENCE_ATOMICS", "-cl-std=CL3.0"),
    /** No fence: groups of a launch cannot exchange data. */
    NONE("none", "", "");

    private static final String NVIDIA = "NVIDIA CUDA";
    private static final String AMD = "AMD Accelerated Parallel Processing";
    private static final int FIRST_WITH_ACQ_REL = 7; // PTX ISA: fence requires sm_70

    private final String description;
    private final String define;
    private final String standard;

    Fence(String description, String define, String standard) {
        this.description = description;
        this.define = define;
        this.standard = standard;
    }

    /**
     * The facts that determine a device's fence.
     *
     * @param isCpu        whether the device is the host's processor or a simulator on it
     * @param architecture of the host, as in {@code os.arch}
     * @param openClMajor  major version of the device's OpenCL
     * @param nvidiaMajor  major version of NVIDIA's compute capability; 0: not reported
     * @param atomics      bits CL_DEVICE_ATOMIC_* common to atomic operations and fences
     */
    record Facts(boolean isCpu, String architecture, String platform, int openClMajor, int nvidiaMajor, long atomics) { }

    static Fence of(Facts facts) {
        if (facts.isCpu && facts.architecture.matches("amd64|x86_64|x86|i\\d86")) {
            return X86;
        }
        if (!facts.isCpu && facts.platform.startsWith(NVIDIA)) {
            return facts.nvidiaMajor >= FIRST_WITH_ACQ_REL ? ACQ_REL : MEMBAR;
        }
        if (!facts.isCpu && facts.platform.equals(AMD)) {
            return AMDGCN;
        }
        long needed = CL_DEVICE_ATOMIC_ORDER_ACQ_REL | CL_DEVICE_ATOMIC_SCOPE_DEVICE;
        return (facts.atomics & needed) != needed ? NONE : facts.openClMajor == 2 ? OPENCL_2 : OPENCL_3;
    }

    /** {@code options} with those that a program with {@code cl/barrier.cl} needs for this fence. */
    public List<String> options(List<String> options) {
        List<String> all = new ArrayList<>(options);
        if (!standard.isEmpty()) {
            all.removeIf(option -> option.startsWith("-cl-std="));
            all.add(0, standard);
        }
        if (!define.isEmpty()) {
            all.add(define);
        }
        return all;
    }

    @Override
    public String toString() { return description; }
}
