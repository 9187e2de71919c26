package iadb.view;

import static java.util.Map.entry;
import static org.lwjgl.nuklear.Nuklear.*;
import static org.lwjgl.opengl.GL33C.*;
import static org.lwjgl.system.MemoryStack.stackGet;

import iadb.plot.Palette;
import iadb.view.scene.ShaderProgram;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.util.Map;
import org.lwjgl.nuklear.NkAllocator;
import org.lwjgl.nuklear.NkBuffer;
import org.lwjgl.nuklear.NkColor;
import org.lwjgl.nuklear.NkContext;
import org.lwjgl.nuklear.NkConvertConfig;
import org.lwjgl.nuklear.NkDrawCommand;
import org.lwjgl.nuklear.NkDrawNullTexture;
import org.lwjgl.nuklear.NkDrawVertexLayoutElement;
import org.lwjgl.nuklear.NkFont;
import org.lwjgl.nuklear.NkFontAtlas;
import org.lwjgl.nuklear.NkFontConfig;
import org.lwjgl.nuklear.NkHandle;
import org.lwjgl.nuklear.NkRect;
import org.lwjgl.nuklear.NkStyleItem;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.system.MemoryUtil;

/**
 * Draws Nuklear's output with OpenGL, in the palette's colours. LWJGL has native libraries of Nuklear for every platform of the
 * jar; imgui-java has none for arm64 Linux. Lengths are in desktop units.
 */
final class PanelCanvas implements AutoCloseable {
    static final int LETTERS = 15; // height of the font

    private static final String FONT = "/com/formdev/flatlaf/fonts/roboto/Roboto-Regular.ttf";
    private static final int[] LETTER_RANGES = {0x20, 0xFF, 0x3B1, 0x3B1, 0x2013, 0x2014, 0x2022, 0x2022, 0};
    private static final int ACCENT = Palette.hueColour(11);
    private static final int VERTEX_BYTES = 20; // position and uv: two floats each; colour: four bytes
    private static final int MAX_VERTEX_BYTES = 1 << 20;
    private static final int MAX_ELEMENT_BYTES = 1 << 18;

    private final ShaderProgram program = new ShaderProgram("panel.vert", "panel.frag"); // may fail: before memory is allocated
    private final NkAllocator allocator = NkAllocator.create()
            .alloc((handle, old, size) -> MemoryUtil.nmemAllocChecked(size))
            .mfree((handle, memory) -> MemoryUtil.nmemFree(memory));
    private final NkContext context = NkContext.create();
    private final NkBuffer commands = NkBuffer.create();
    private final NkFontAtlas atlas = NkFontAtlas.create();
    private final NkDrawNullTexture white = NkDrawNullTexture.create();
    private final NkDrawVertexLayoutElement.Buffer layout = NkDrawVertexLayoutElement.create(4);
    private final ByteBuffer vertexMemory = MemoryUtil.memAlloc(MAX_VERTEX_BYTES);
    private final ByteBuffer elementMemory = MemoryUtil.memAlloc(MAX_ELEMENT_BYTES);
    private final ByteBuffer fontFile;
    private final IntBuffer letterRanges = MemoryUtil.memAllocInt(LETTER_RANGES.length).put(0, LETTER_RANGES); // Nuklear keeps it
    private final int vertexArray = glGenVertexArrays();
    private final int vertices = glGenBuffers();
    private final int elements = glGenBuffers();
    private final int letters = glGenTextures();
    private final float scale;

    /** @param scale pixels per desktop unit */
    PanelCanvas(float scale) {
        this.scale = scale;
        fontFile = readFont();
        nk_init(context, allocator, null);
        nk_buffer_init(commands, allocator, 1 << 14);
        bakeLetters();
        setColours();
        layout.get(0).attribute(NK_VERTEX_POSITION).format(NK_FORMAT_FLOAT).offset(0);
        layout.get(1).attribute(NK_VERTEX_TEXCOORD).format(NK_FORMAT_FLOAT).offset(8);
        layout.get(2).attribute(NK_VERTEX_COLOR).format(NK_FORMAT_R8G8B8A8).offset(16);
        layout.get(3).attribute(NK_VERTEX_ATTRIBUTE_COUNT).format(NK_FORMAT_COUNT).offset(0);
        glBindVertexArray(vertexArray);
        glBindBuffer(GL_ARRAY_BUFFER, vertices);
        glBindBuffer(GL_ELEMENT_ARRAY_BUFFER, elements);
        glVertexAttribPointer(0, 2, GL_FLOAT, false, VERTEX_BYTES, 0);
        glVertexAttribPointer(1, 2, GL_FLOAT, false, VERTEX_BYTES, 8);
        glVertexAttribPointer(2, 4, GL_UNSIGNED_BYTE, true, VERTEX_BYTES, 16);
        for (int attribute = 0; attribute < 3; attribute++) {
            glEnableVertexAttribArray(attribute);
        }
    }

    private static ByteBuffer readFont() {
        try (InputStream in = PanelCanvas.class.getResourceAsStream(FONT)) {
            byte[] bytes = in.readAllBytes();
            return MemoryUtil.memAlloc(bytes.length).put(0, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void bakeLetters() {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            nk_font_atlas_init(atlas, allocator);
            nk_font_atlas_begin(atlas);
            NkFontConfig config = nk_font_config(LETTERS * scale, NkFontConfig.malloc(stack)).range(letterRanges);
            NkFont font = nk_font_atlas_add_from_memory(atlas, fontFile, LETTERS * scale, config);
            IntBuffer width = stack.mallocInt(1);
            IntBuffer height = stack.mallocInt(1);
            ByteBuffer pixels = nk_font_atlas_bake(atlas, width, height, NK_FONT_ATLAS_ALPHA8);
            glBindTexture(GL_TEXTURE_2D, letters);
            glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
            glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_LINEAR);
            glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
            glTexImage2D(GL_TEXTURE_2D, 0, GL_R8, width.get(0), height.get(0), 0, GL_RED, GL_UNSIGNED_BYTE, pixels);
            nk_font_atlas_end(atlas, nk_handle_id(letters, NkHandle.malloc(stack)), white);
            font.handle().height(LETTERS);
            nk_style_set_font(context, font.handle());
        }
    }

    private void setColours() {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            NkColor.Buffer table = NkColor.malloc(NK_COLOR_COUNT, stack);
            for (int i = 0; i < NK_COLOR_COUNT; i++) {
                put(table.get(i), mix(0.16), 255);
            }
            Map.ofEntries(entry(NK_COLOR_TEXT, Palette.INK), entry(NK_COLOR_HEADER, mix(0.1)), entry(NK_COLOR_BORDER, mix(0.14)),
                    entry(NK_COLOR_BUTTON_HOVER, mix(0.26)), entry(NK_COLOR_BUTTON_ACTIVE, mix(0.36)),
                    entry(NK_COLOR_TOGGLE_HOVER, mix(0.3)), entry(NK_COLOR_TOGGLE_CURSOR, ACCENT),
                    entry(NK_COLOR_SLIDER, mix(0.2)), entry(NK_COLOR_SLIDER_CURSOR, ACCENT),
                    entry(NK_COLOR_SLIDER_CURSOR_HOVER, Palette.INK), entry(NK_COLOR_SLIDER_CURSOR_ACTIVE, Palette.INK),
                    entry(NK_COLOR_SELECT_ACTIVE, mix(0.3)))
                    .forEach((use, rgb) -> put(table.get(use), rgb, 255));
            put(table.get(NK_COLOR_WINDOW), mix(0.05), 225);
            nk_style_from_table(context, table);
            context.style().progress().padding().set(0, 0);
        }
    }

    /** Paper mixed with this share of ink, which is squared since colours blend in linear light. */
    private static int mix(double ink) { return Palette.blend(Palette.PAPER, Palette.INK, ink * ink); }

    private static NkColor put(NkColor colour, int rgb, int alpha) {
        return colour.set((byte) (rgb >> 16), (byte) (rgb >> 8), (byte) rgb, (byte) alpha);
    }

    /** The colour of the loss curve and of the chosen tile's name. */
    static NkColor accent(MemoryStack stack) { return put(NkColor.malloc(stack), ACCENT, 255); }

    NkContext context() { return context; }

    /** A rectangle on the caller's {@link MemoryStack}. */
    static NkRect rectangle(float x, float y, float w, float h) { return nk_rect(x, y, w, h, NkRect.malloc(stackGet())); }

    /** Lays out a translucent area without controls over the points. */
    void overlay(String name, NkRect area, Runnable content) {
        NkColor colour = put(NkColor.malloc(stackGet()), mix(0.05), 215);
        nk_style_push_style_item(context, context.style().window().fixed_background(),
                nk_style_item_color(colour, NkStyleItem.malloc(stackGet())));
        if (nk_begin(context, name, area, NK_WINDOW_NO_SCROLLBAR | NK_WINDOW_NO_INPUT)) {
            content.run();
        }
        nk_end(context);
        nk_style_pop_style_item(context);
    }

    /** Lays out a line of text. */
    void line(String text) {
        nk_layout_row_dynamic(context, LETTERS + 2f, 1);
        nk_label(context, text, NK_TEXT_LEFT);
    }

    /** Draws the layout since the last call onto the bound framebuffer, whose size is in pixels. */
    void draw(int width, int height) {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            NkBuffer vertexBuffer = NkBuffer.malloc(stack);
            NkBuffer elementBuffer = NkBuffer.malloc(stack);
            nk_buffer_init_fixed(vertexBuffer, vertexMemory);
            nk_buffer_init_fixed(elementBuffer, elementMemory);
            NkConvertConfig config = NkConvertConfig.calloc(stack).vertex_layout(layout).vertex_size(VERTEX_BYTES)
                    .vertex_alignment(4).tex_null(white).circle_segment_count(22).curve_segment_count(22)
                    .arc_segment_count(22).global_alpha(1).shape_AA(NK_ANTI_ALIASING_ON).line_AA(NK_ANTI_ALIASING_ON);
            nk_convert(context, commands, vertexBuffer, elementBuffer, config);
            glBindVertexArray(vertexArray);
            glBindBuffer(GL_ARRAY_BUFFER, vertices);
            glBufferData(GL_ARRAY_BUFFER, vertexMemory.limit((int) vertexBuffer.allocated()), GL_STREAM_DRAW);
            glBufferData(GL_ELEMENT_ARRAY_BUFFER, elementMemory.limit((int) elementBuffer.allocated()), GL_STREAM_DRAW);
            vertexMemory.clear();
            elementMemory.clear();
        }
        program.use().set("size", width / scale, height / scale);
        glEnable(GL_SCISSOR_TEST);
        long offset = 0;
        for (NkDrawCommand command = nk__draw_begin(context, commands); command != null;
                command = nk__draw_next(command, commands, context)) {
            if (command.elem_count() > 0) {
                glBindTexture(GL_TEXTURE_2D, command.texture().id());
                NkRect clip = command.clip_rect();
                glScissor((int) (clip.x() * scale), (int) (height - (clip.y() + clip.h()) * scale),
                        Math.max(0, (int) Math.ceil(clip.w() * scale)), Math.max(0, (int) Math.ceil(clip.h() * scale)));
                glDrawElements(GL_TRIANGLES, command.elem_count(), GL_UNSIGNED_SHORT, offset);
                offset += command.elem_count() * 2L;
            }
        }
        glDisable(GL_SCISSOR_TEST);
        nk_clear(context);
        nk_buffer_clear(commands);
    }

    @Override
    public void close() {
        nk_font_atlas_clear(atlas);
        nk_free(context);
        nk_buffer_free(commands);
        allocator.alloc().free();
        allocator.mfree().free();
        MemoryUtil.memFree(vertexMemory);
        MemoryUtil.memFree(elementMemory);
        MemoryUtil.memFree(fontFile);
        MemoryUtil.memFree(letterRanges);
        program.close();
        glDeleteVertexArrays(vertexArray);
        glDeleteBuffers(new int[] {vertices, elements});
        glDeleteTextures(letters);
    }
}
