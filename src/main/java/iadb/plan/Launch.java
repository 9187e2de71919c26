package iadb.plan;

import iadb.cl.Context;
import iadb.cl.Kernel;

/**
 * One kernel launch of a training step. All arguments are set but the step's number.
 *
 * @param kernel       a kernel object of this launch's own
 * @param groups       work-groups
 * @param groupSize    work-items a group
 * @param takesStep whether the step's number is the kernel's last argument
 */
record Launch(Kernel kernel, int groups, int groupSize, boolean takesStep) {
    void enqueue(Context context, int step) {
        if (takesStep) {
            kernel.lastArgument(step);
        }
        context.enqueue(kernel, (long) groups * groupSize, groupSize);
    }
}
