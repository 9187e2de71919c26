package iadb.train;

import java.util.Arrays;

/**
 * Some pairs that are assigned anew: each row of a gets the partner of a row of the block, so that the sum of squared distances is the
 * least, by relaxation and shortest augmenting paths (Jonker and Volgenant 1987). The inner loops are methods of their own, which a new
 * JVM compiles early.
 */
final class PairBlock {
    private static final int SWEEPS = 2; // of relaxation
    private static final int FREE = -1;

    private final float[] a; // [N, 2]
    private final float[] b; // [N, 2]
    private final int[] partner; // [N], rows of b
    private final int[] rows; // [n], of a
    private final int count; // n
    private final float[] cost; // [n, n], -a·b, relative to the block's means
    private final float[] price; // [n], of columns
    private final float[] distance; // [n], of a shortest path to each column
    private final int[] rowBefore; // [n], of that path
    private final int[] rowOf; // [n], by column
    private final int[] columnOf; // [n], by row
    private final int[] columns; // [n], those that no path has reached yet, then the others

    PairBlock(float[] a, float[] b, int[] partner, int[] rows) {
        this.a = a;
        this.b = b;
        this.partner = partner;
        this.rows = rows;
        count = rows.length;
        cost = new float[count * count];
        price = new float[count];
        distance = new float[count];
        rowBefore = new int[count];
        rowOf = new int[count];
        columnOf = new int[count];
        columns = new int[count];
    }

    /** Assigns the block anew. Other blocks with other rows may do so at the same time. */
    void improve() {
        fillCosts();
        findPrices();
        for (int row : assignBest()) {
            augment(row);
        }
        exchange();
    }

    private void fillCosts() {
        float[] y = new float[2 * count]; // all first coordinates before the second
        double[] centre = new double[4]; // of a, of b
        for (int j = 0; j < count; j++) {
            int row = rows[j];
            int other = partner[row];
            centre[0] += a[2 * row];
            centre[1] += a[2 * row + 1];
            centre[2] += y[j] = b[2 * other];
            centre[3] += y[count + j] = b[2 * other + 1];
        }
        for (int i = 0; i < count; i++) {
            fillRow(i * count, (float) (centre[0] / count) - a[2 * rows[i]], (float) (centre[1] / count) - a[2 * rows[i] + 1], y,
                    (float) (centre[2] / count), (float) (centre[3] / count));
        }
    }

    private void fillRow(int base, float ax, float ay, float[] y, float meanX, float meanY) {
        for (int j = 0; j < count; j++) {
            cost[base + j] = ax * (y[j] - meanX) + ay * (y[count + j] - meanY);
        }
    }

    /** Finds prices at which rows want few columns but their own, by relaxation. */
    private void findPrices() {
        for (int j = 0; j < count; j++) {
            price[j] = cost[j * count + j];
        }
        for (int sweep = 0; sweep < SWEEPS; sweep++) {
            for (int i = 0; i < count; i++) {
                relax(i * count, price[i] - cost[i * count + i]);
            }
        }
    }

    private void relax(int base, float paid) {
        for (int j = 0; j < count; j++) {
            price[j] = Math.min(price[j], cost[base + j] + paid);
        }
    }

    /** Gives each row its best column if that is free; returns the other rows. */
    private int[] assignBest() {
        Arrays.fill(rowOf, FREE);
        int free = 0;
        for (int i = 0; i < count; i++) {
            float least = Float.POSITIVE_INFINITY;
            int column = i;
            for (int j = 0; j < count; j++) {
                float reduced = cost[i * count + j] - price[j];
                if (reduced < least) {
                    least = reduced;
                    column = j;
                }
            }
            if (cost[i * count + i] - price[i] <= least && rowOf[i] == FREE) {
                column = i;
            }
            if (rowOf[column] == FREE) {
                rowOf[column] = i;
                columnOf[i] = column;
            } else {
                rowBefore[free++] = i;
            }
        }
        return Arrays.copyOf(rowBefore, free);
    }

    /** Gives a row a column by the shortest path that exchanges columns with other rows. */
    private void augment(int start) {
        for (int j = 0; j < count; j++) {
            columns[j] = j;
            distance[j] = Float.POSITIVE_INFINITY;
        }
        int left = count;
        int row = start;
        float offset = 0;
        float length;
        int column;
        while (true) {
            int nearest = reach(row, offset, left);
            column = columns[nearest];
            length = distance[column];
            if (rowOf[column] == FREE) {
                break;
            }
            columns[nearest] = columns[--left];
            columns[left] = column;
            row = rowOf[column];
            offset = length - (cost[row * count + column] - price[column]);
        }
        for (int k = left; k < count; k++) {
            price[columns[k]] -= length - distance[columns[k]];
        }
        do {
            row = rowBefore[column];
            rowOf[column] = row;
            int next = columnOf[row];
            columnOf[row] = column;
            column = next;
        } while (row != start);
    }

    /** Shortens paths to the columns left by one through a row; returns where the nearest column is. */
    private int reach(int row, float offset, int left) {
        int nearest = 0;
        float length = Float.POSITIVE_INFINITY;
        for (int k = 0; k < left; k++) {
            int j = columns[k];
            float known = distance[j];
            float through = cost[row * count + j] - price[j] + offset;
            if (through < known) {
                known = through;
                distance[j] = through;
                rowBefore[j] = row;
            }
            if (known < length || known == length && rowOf[j] == FREE) {
                length = known;
                nearest = k;
            }
        }
        return nearest;
    }

    /** Gives rows their new partners if that lowers the sum: rounding can raise it. */
    private void exchange() {
        int[] before = new int[count];
        double gain = 0;
        for (int i = 0; i < count; i++) {
            before[i] = partner[rows[i]];
            gain += (double) cost[i * count + i] - cost[i * count + columnOf[i]];
        }
        if (!(gain > 0)) {
            return;
        }
        for (int i = 0; i < count; i++) {
            partner[rows[i]] = before[columnOf[i]];
        }
    }
}
