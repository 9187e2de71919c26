package iadb.view.scene;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class CameraTest {
    private static final double EXACT = 1e-9;

    private static Camera camera() {
        Camera camera = new Camera();
        camera.setScreen(1000, 700, 200);
        return camera;
    }

    @Test
    void squareLiesInTheMiddleOfTheAreaBesideThePanel() {
        Camera camera = camera();
        assertEquals(600, camera.pixelX(0.5), EXACT);
        assertEquals(350, camera.pixelY(0.5), EXACT);
        assertEquals(0.88 * 700, camera.side(), EXACT);
    }

    @Test
    void pixelsAndPlacesAreInverse() {
        Camera camera = camera();
        camera.zoomAt(123, 456, 3.7);
        camera.move(17, -5);
        assertEquals(0.3, camera.toX(camera.pixelX(0.3)), EXACT);
        assertEquals(0.8, camera.toY(camera.pixelY(0.8)), EXACT);
    }

    @Test
    void zoomKeepsWhatLiesUnderThePointer() {
        Camera camera = camera();
        double x = camera.toX(321);
        double y = camera.toY(99);
        camera.zoomAt(321, 99, 2);
        assertEquals(x, camera.toX(321), EXACT);
        assertEquals(y, camera.toY(99), EXACT);
        camera.reset();
        assertEquals(600, camera.pixelX(0.5), EXACT);
    }

    @Test
    void dragMovesThePictureByAsManyPixels() {
        Camera camera = camera();
        double x = camera.pixelX(0.2);
        double y = camera.pixelY(0.2);
        camera.move(30, 40);
        assertEquals(x + 30, camera.pixelX(0.2), EXACT);
        assertEquals(y + 40, camera.pixelY(0.2), EXACT);
    }

    @Test
    void shadersPutAPlaceOnTheSamePixel() {
        Camera camera = camera();
        camera.zoomAt(700, 200, 1.5);
        float[] view = camera.view();
        double clipX = 0.3 * view[0] + view[2];
        double clipY = 0.9 * view[1] + view[3];
        assertEquals(camera.pixelX(0.3), (clipX + 1) / 2 * 1000, 1e-3); // a float's rounding of 1,000 pixels
        assertEquals(camera.pixelY(0.9), (1 - clipY) / 2 * 700, 1e-3);
    }
}
