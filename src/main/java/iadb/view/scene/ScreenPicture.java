package iadb.view.scene;

import static org.lwjgl.opengl.GL33C.*;

import java.awt.image.BufferedImage;
import java.nio.ByteBuffer;
import org.lwjgl.system.MemoryUtil;

/** What is on the screen, as a picture. */
public final class ScreenPicture {
    private ScreenPicture() {
    }

    /** Reads the bound framebuffer, RGB. */
    public static BufferedImage read(int width, int height) {
        ByteBuffer pixels = MemoryUtil.memAlloc(4 * width * height);
        try {
            glPixelStorei(GL_PACK_ALIGNMENT, 4);
            glReadPixels(0, 0, width, height, GL_BGRA, GL_UNSIGNED_INT_8_8_8_8_REV, pixels); // ints 0xAARRGGBB
            BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
            int[] row = new int[width];
            for (int y = 0; y < height; y++) {
                pixels.asIntBuffer().get((height - 1 - y) * width, row); // OpenGL's first row is the lowest
                picture.getRaster().setDataElements(0, y, width, 1, row);
            }
            return picture;
        } finally {
            MemoryUtil.memFree(pixels);
        }
    }
}
