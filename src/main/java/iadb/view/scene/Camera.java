package iadb.view.scene;

/**
 * The position of the unit square on the screen. At first the square fills most of the area beside the panel. Pixels count from
 * the upper left corner; in the square, y points up.
 */
public final class Camera {
    private static final double MARGIN = 0.06; // around the square, as a share of the area's shorter side
    private static final double MAX_ZOOM = 1000;
    private static final double MIN_ZOOM = 0.2;

    private double screenWidth = 1;
    private double screenHeight = 1;
    private double areaLeft;
    private double centreX = 0.5; // the point of the square shown in the middle of the area
    private double centreY = 0.5;
    private double zoom = 1;

    /** @param left width of the panel at the left, in pixels */
    public void setScreen(int width, int height, double left) {
        screenWidth = Math.max(1, width);
        screenHeight = Math.max(1, height);
        areaLeft = left;
    }

    /** The side of the square in pixels. */
    public double side() { return Math.max(16, Math.min(screenWidth - areaLeft, screenHeight)) * (1 - 2 * MARGIN) * zoom; }

    private double middleX() { return (areaLeft + screenWidth) / 2; }

    /** The x in the square that a pixel shows. */
    public double toX(double pixelX) { return centreX + (pixelX - middleX()) / side(); }

    /** The y in the square that a pixel shows. */
    public double toY(double pixelY) { return centreY - (pixelY - screenHeight / 2) / side(); }

    /** Zooms without moving the point under the pixel. */
    public void zoomAt(double pixelX, double pixelY, double factor) {
        double x = toX(pixelX);
        double y = toY(pixelY);
        zoom = Math.max(MIN_ZOOM, Math.min(MAX_ZOOM, zoom * factor));
        centreX += x - toX(pixelX);
        centreY += y - toY(pixelY);
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

    /** The shaders' {@code view}: clip = position * (v0, v1) + (v2, v3). */
    float[] view() {
        double scaleX = 2 * side() / screenWidth;
        double scaleY = 2 * side() / screenHeight;
        return new float[] {(float) scaleX, (float) scaleY, (float) (2 * middleX() / screenWidth - 1 - centreX * scaleX),
            (float) (-centreY * scaleY)};
    }
}
