package iadb.plan;

import iadb.cl.DeviceBuffer;

/**
 * What a training step is made of: the data its rows are drawn from, and how far it moves the weights.
 *
 * @param data0        [points0, 2], the points of p0
 * @param points0      how many
 * @param data1        [points1, 2], the points of p1
 * @param points1      how many
 * @param rows         B, rows a step
 * @param seed         key of the generator that draws the rows
 * @param rates        how far a step goes
 */
public record Batch(DeviceBuffer data0, int points0, DeviceBuffer data1, int points1, int rows, long seed,
        Rates rates) {
}
