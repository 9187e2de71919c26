package iadb.view.scene;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class CameraTest {
    private static final double EXACT = 1e-9 / 1000; // 1e-9 pixels, in the unit square

    private static Camera camera() {
        Camera camera = new Camera();
        camera.setTiles(TileGrid.of(1, 1000, 700, 200, 0));
        return camera;
    }

    @Test
    void squareLiesInTheMiddleOfTheAreaBesideThePanel() {
        Camera camera = camera();
        assertEquals(0.5, camera.toX(600, 0), EXACT);
        assertEquals(0.5, camera.toY(350, 0), EXACT);
        assertEquals(0.88 * 700, camera.side(), 1e-9);
        assertEquals(0, camera.toX(600 - 0.44 * 700, 0), EXACT);
        assertEquals(1, camera.toY(350 - 0.44 * 700, 0), EXACT);
    }

    @Test
    void zoomKeepsThePointUnderThePointer() {
        Camera camera = camera();
        double x = camera.toX(321, 0);
        double y = camera.toY(99, 0);
        camera.zoomAt(321, 99, 2);
        assertEquals(x, camera.toX(321, 0), EXACT);
        assertEquals(y, camera.toY(99, 0), EXACT);
        camera.reset();
        assertEquals(0.5, camera.toX(600, 0), EXACT);
    }

    @Test
    void dragMovesThePictureByAsManyPixels() {
        Camera camera = camera();
        double x = camera.toX(410, 0);
        double y = camera.toY(120, 0);
        camera.move(30, 40);
        assertEquals(x, camera.toX(440, 0), EXACT);
        assertEquals(y, camera.toY(160, 0), EXACT);
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
        assertEquals(0.3, camera.toX(200 + (clipX + 1) / 2 * 800, 0), pixel);
        assertEquals(0.9, camera.toY((1 - clipY) / 2 * 700, 0), pixel);
    }

    @Test
    void everyTileShowsTheSameSquareBelowItsTitle() {
        Camera camera = new Camera();
        camera.setTiles(TileGrid.of(4, 1000, 700, 200, 50));
        camera.zoomAt(300, 200, 1.5);
        TileGrid tiles = camera.tiles();
        assertEquals(2, tiles.columns());
        for (int tile = 0; tile < 4; tile++) {
            int left = 200 + tile % 2 * 400;
            int top = tile / 2 * 350;
            assertEquals(tile, tiles.at(left, top));
            assertEquals(tile, tiles.at(left + 399, top + 349));
            assertEquals(camera.toX(300, 0), camera.toX(left + 100, tile), EXACT);
            assertEquals(camera.toY(200, 0), camera.toY(top + 200, tile), EXACT);
            double clipY = 0.9 * camera.view()[1] + camera.view()[3];
            assertEquals(0.9, camera.toY(top + (1 - clipY) / 2 * 350, tile), 1e-3 / camera.side());
        }
        camera.reset();
        assertEquals(0.88 * 300, camera.side(), 1e-9);
        assertEquals(0.5, camera.toY(50 + 150, 0), EXACT, "the middle of what is left below the title");
    }

    @Test
    void theNumberOfColumnsMakesTheSquareLarge() {
        assertEquals(2, TileGrid.of(2, 1280, 800, 264, 75).columns());
        assertEquals(1, TileGrid.of(2, 664, 800, 264, 75).columns());
        assertEquals(3, TileGrid.of(3, 1920, 700, 264, 75).columns());
        TileGrid three = TileGrid.of(3, 1280, 1000, 264, 75);
        assertEquals(2, three.columns());
        assertEquals(2, three.at(1279, 999), "the place without a tile belongs to the nearest");
        assertEquals(1, TileGrid.of(1, 100, 50, 264, 0).width(), "narrower than the panel");
    }
}
