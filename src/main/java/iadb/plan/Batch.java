package iadb.plan;

import iadb.cl.DeviceBuffer;

/**
 * What the steps of a training draw their rows from, and how far they move the weights.
 *
 * @param data0   [points0, 2], the points of p0
 * @param points0 how many
 * @param data1   [points1, 2], the points of p1
 * @param points1 how many
 * @param rows    B, rows a step
 * @param seed    key of the generator that draws the rows
 */
public record Batch(DeviceBuffer data0, int points0, DeviceBuffer data1, int points1, int rows, long seed, Rates rates) {
}
