package iadb.plan;

import iadb.cl.Context;
import iadb.cl.Kernel;

/**
 * One kernel launch of a training step. All arguments are set but the step's number.
 *
 * @param kernel       a kernel object of this launch's own
 * @param groups       work-groups
 * @param groupSize    work-items a group
 * @param stepArgument index of the argument that takes the step's number; -1: none
 */
record Launch(Kernel kernel, int groups, int groupSize, int stepArgument) {
    static final int NO_STEP = -1;

    void enqueue(Context context, int step) {
        if (stepArgument != NO_STEP) {
            kernel.argument(stepArgument, step);
        }
        context.enqueue(kernel, (long) groups * groupSize, groupSize);
    }
}
