package iadb.view.scene;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class CameraTest {
    private static final double EXACT = 1e-9 / 1000; // 1e-9 pixels, in the unit square

    private static Camera camera() {
        Camera camera = new Camera();
        camera.setScreen(1000, 700, 200);
        return camera;
    }

    @Test
    void squareLiesInTheMiddleOfTheAreaBesideThePanel() {
        Camera camera = camera();
        assertEquals(0.5, camera.toX(600), EXACT);
        assertEquals(0.5, camera.toY(350), EXACT);
        assertEquals(0.88 * 700, camera.side(), 1e-9);
        assertEquals(0, camera.toX(600 - 0.44 * 700), EXACT);
        assertEquals(1, camera.toY(350 - 0.44 * 700), EXACT);
    }

    @Test
    void zoomKeepsThePointUnderThePointer() {
        Camera camera = camera();
        double x = camera.toX(321);
        double y = camera.toY(99);
        camera.zoomAt(321, 99, 2);
        assertEquals(x, camera.toX(321), EXACT);
        assertEquals(y, camera.toY(99), EXACT);
        camera.reset();
        assertEquals(0.5, camera.toX(600), EXACT);
    }

    @Test
    void dragMovesThePictureByAsManyPixels() {
        Camera camera = camera();
        double x = camera.toX(410);
        double y = camera.toY(120);
        camera.move(30, 40);
        assertEquals(x, camera.toX(440), EXACT);
        assertEquals(y, camera.toY(160), EXACT);
    }

    @Test
    void shadersPutAPointOnTheSamePixel() {
        Camera camera = camera();
        camera.zoomAt(700, 200, 1.5);
        camera.move(17, -5);
        float[] view = camera.view();
        double clipX = 0.3 * view[0] + view[2];
        double clipY = 0.9 * view[1] + view[3];
        double pixel = 1e-3 / camera.side(); // the rounding of a float for 1,000 pixels
        assertEquals(0.3, camera.toX((clipX + 1) / 2 * 1000), pixel);
        assertEquals(0.9, camera.toY((1 - clipY) / 2 * 700), pixel);
    }
}
