package iadb.view.scene;

/**
 * The position of the unit square in every tile of the window, the same in all. At first the square fills most of the tile. Pixels
 * count from the window's upper left corner; in the square, y points up.
 */
public final class Camera {
    private static final double MARGIN = 0.06; // around the square, as a share of the tile's shorter side
    private static final double MAX_ZOOM = 1000;
    private static final double MIN_ZOOM = 0.2;

    private TileGrid tiles = TileGrid.of(1, 1, 1, 0, 0);
    private double centreX = 0.5; // the point of the square shown in the middle of a tile
    private double centreY = 0.5;
    private double zoom = 1;

    public void setTiles(TileGrid grid) { tiles = grid; }

    public TileGrid tiles() { return tiles; }

    /** The side of the square in pixels. */
    public double side() {
        return Math.max(16, Math.min(tiles.width(), tiles.height() - tiles.title())) * (1 - 2 * MARGIN) * zoom;
    }

    /** The x in the square that a pixel shows in a tile. */
    public double toX(double pixelX, int tile) { return centreX + (pixelX - tiles.x(tile) - tiles.width() / 2.0) / side(); }

    /** The y in the square that a pixel shows in a tile. */
    public double toY(double pixelY, int tile) {
        return centreY - (pixelY - tiles.y(tile) - (tiles.title() + tiles.height()) / 2.0) / side();
    }

    /** Zooms without moving the point under the pixel. */
    public void zoomAt(double pixelX, double pixelY, double factor) {
        int tile = tiles.at(pixelX, pixelY);
        double x = toX(pixelX, tile);
        double y = toY(pixelY, tile);
        zoom = Math.max(MIN_ZOOM, Math.min(MAX_ZOOM, zoom * factor));
        centreX += x - toX(pixelX, tile);
        centreY += y - toY(pixelY, tile);
    }

    /** Moves the picture by this many pixels. */
    public void move(double pixelsX, double pixelsY) {
        centreX -= pixelsX / side();
        centreY += pixelsY / side();
    }

    /** Shows the whole square. */
    public void reset() {
        centreX = 0.5;
        centreY = 0.5;
        zoom = 1;
    }

    /** The shaders' {@code view}, in the viewport of a tile: clip = position * (v0, v1) + (v2, v3). */
    float[] view() {
        double scaleX = 2 * side() / tiles.width();
        double scaleY = 2 * side() / tiles.height();
        return new float[] {(float) scaleX, (float) scaleY, (float) (-centreX * scaleX),
            (float) (-tiles.title() / (double) tiles.height() - centreY * scaleY)};
    }
}
