package iadb.view.scene;

/**
 * Equal tiles in rows, which fill the window beside the panel; each shows the unit square below a strip for its title. The number of
 * columns makes the square as large as possible. Lengths are pixels, counted from the window's upper left corner.
 *
 * @param count  tiles, at least 1; the last row may have room for more
 * @param left   width of the panel at the left
 * @param title  height of the strip; 0: none
 * @param width  of a tile
 * @param height of a tile, with the strip
 */
public record TileGrid(int count, int left, int title, int columns, int width, int height) {
    /** Tiles of a window of this size. */
    public static TileGrid of(int count, int windowWidth, int windowHeight, int left, int title) {
        int best = 1;
        int bestSide = Integer.MIN_VALUE;
        for (int columns = 1; columns <= count; columns++) {
            int rows = (count + columns - 1) / columns;
            int side = Math.min((windowWidth - left) / columns, windowHeight / rows - title);
            if (side > bestSide) {
                best = columns;
                bestSide = side;
            }
        }
        int rows = (count + best - 1) / best;
        return new TileGrid(count, left, title, best, Math.max(1, (windowWidth - left) / best), Math.max(1, windowHeight / rows));
    }

    /** The left edge of a tile. */
    public int x(int tile) { return left + tile % columns * width; }

    /** The top edge of a tile. */
    public int y(int tile) { return tile / columns * height; }

    /** The top edge of a tile's title, which stands just above the square. */
    public int titleY(int tile) { return y(tile) + Math.max(0, height - title - width) / 2; }

    /** The tile at a pixel, or the nearest one. */
    public int at(double pixelX, double pixelY) {
        int column = Math.max(0, Math.min(columns - 1, (int) Math.floor((pixelX - left) / width)));
        int row = Math.max(0, Math.min((count - 1) / columns, (int) Math.floor(pixelY / height)));
        return Math.min(count - 1, row * columns + column);
    }
}
