package iadb.plan;

import iadb.cl.Context;
import iadb.cl.Kernel;
import java.util.function.IntConsumer;

/**
 * One kernel launch of a training step. All arguments are set but the step's number.
 *
 * @param kernel    a kernel object of this launch's own
 * @param groups    work-groups
 * @param groupSize work-items a group
 * @param step      sets the step's number; nothing where the kernel takes none
 */
record Launch(Kernel kernel, int groups, int groupSize, IntConsumer step) {
    Launch(Kernel kernel, int groups, int groupSize) {
        this(kernel, groups, groupSize, kernel.takes("step") ? kernel.setter("step") : step -> { });
    }

    void enqueue(Context context, int number) {
        step.accept(number);
        context.enqueue(kernel, (long) groups * groupSize, groupSize);
    }
}
