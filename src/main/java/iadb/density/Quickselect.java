package iadb.density;

/** Selection of rows by their keys in linear time (quickselect, Hoare 1961). */
public final class Quickselect {
    private Quickselect() { }

    /**
     * Orders rows[first .. last] so that {@code rows[middle]} is the one that sorting would put there: no key before it is larger, and
     * none behind it is smaller.
     *
     * @param key by row
     */
    public static void select(float[] key, int[] rows, int first, int last, int middle) {
        int from = first;
        int to = last;
        while (from < to) {
            float pivot = key[rows[(from + to) >>> 1]];
            int i = from;
            int j = to;
            while (i <= j) {
                while (key[rows[i]] < pivot) {
                    i++;
                }
                while (key[rows[j]] > pivot) {
                    j--;
                }
                if (i <= j) {
                    int row = rows[i];
                    rows[i++] = rows[j];
                    rows[j--] = row;
                }
            }
            if (middle <= j) {
                to = j;
            } else if (middle >= i) {
                from = i;
            } else {
                return;
            }
        }
    }
}
