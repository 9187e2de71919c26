package iadb.fuzz;

import iadb.density.Density;
import iadb.density.ImageBytes;
import iadb.density.NamedDensities;
import iadb.file.NpyWriter;
import iadb.file.Safetensors;
import iadb.model.Checkpoint;
import iadb.model.Model;
import iadb.model.Network;
import iadb.model.NetworkShape;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import javax.imageio.ImageWriteParam;

/**
 * Files that the readers accept, made by the program's own writers and by Java's, from which a fuzzer starts. {@code main}
 * writes them into the folder of the corpus, where the findings of fuzzing are too.
 */
final class Seeds {
    private static final NetworkShape SMALLEST = new NetworkShape(16, 1);
    private static final float[] POINTS = {0.25f, 0.5f, -1e-7f, 3f, 0.1f, 0.9f};
    private static final String CONSTANT = "\0" + "\0\0\0?"; // 0.5f, over and over

    private Seeds() {
    }

    public static void main(String[] arguments) throws IOException {
        Path work = Files.createTempDirectory("seeds");
        for (FuzzedReader reader : FuzzedReader.values()) {
            Path folder = Files.createDirectories(Path.of(arguments[0]).resolve(reader.key()));
            for (Map.Entry<String, byte[]> seed : of(reader, work).entrySet()) {
                Files.write(folder.resolve("seed-" + seed.getKey()), seed.getValue());
            }
        }
    }

    /** Inputs by name, all of which the reader takes. */
    static Map<String, byte[]> of(FuzzedReader reader, Path work) throws IOException {
        Map<String, byte[]> seeds = new LinkedHashMap<>();
        switch (reader) {
            case IMAGE -> addImages(seeds);
            case PNG -> addPngs(seeds);
            case NPY -> addArrays(seeds, work);
            case CSV -> addTexts(seeds);
            case POINTS -> {
                addArrays(seeds, work);
                seeds.keySet().removeIf(name -> name.equals("doubles")); // numbers too far from each other for a box
                seeds.put("text", "x,y\n0.25,0.5\n-1e3,7.\n".getBytes(StandardCharsets.US_ASCII));
                seeds.put("quoted", "\"1\";\"2\"\r\n\"3\";\"4\"\r\n".getBytes(StandardCharsets.US_ASCII));
                seeds.put("grey.png", written("png", picture(BufferedImage.TYPE_BYTE_GRAY), "Deflate"));
            }
            case SAFETENSORS -> seeds.put("model", Files.readAllBytes(model(work, Pictures.DOT)));
            case MODEL -> {
                seeds.put("named", header(model(work, named("ring"))));
                seeds.put("picture", header(model(work, Pictures.DOT)));
                seeds.put("elsewhere", header(foreignModel(work)));
                seeds.put("too-large-a-picture", header(modelWithHash(work)));
                seeds.put("checkpoint", header(checkpoint(work, true)));
            }
            case CHECKPOINT -> {
                seeds.put("plain", header(checkpoint(work, false)));
                seeds.put("average", header(checkpoint(work, true)));
                seeds.put("round", header(roundCheckpoint(work)));
            }
            case CACHE -> {
                byte[] payload = "a program".getBytes(StandardCharsets.US_ASCII);
                seeds.put("entry", ByteBuffer.allocate(CacheEntries.header(payload).length + payload.length)
                        .put(CacheEntries.header(payload)).put(payload).array());
            }
            case CACHE_ENTRY -> seeds.put("entry", new byte[] {0, 0, 0, 1, 2, 3});
        }
        return seeds;
    }

    private static Density named(String name) {
        return NamedDensities.find(name).orElseThrow();
    }

    private static BufferedImage picture(int type) {
        BufferedImage image = new BufferedImage(7, 6, type);
        for (int p = 0; p < 42; p++) {
            image.setRGB(p % 7, p / 7, 0x40FFFFFF * p | 0x80000000);
        }
        return image;
    }

    private static void addImages(Map<String, byte[]> seeds) throws IOException {
        seeds.put("grey.png", written("png", picture(BufferedImage.TYPE_BYTE_GRAY), "Deflate"));
        seeds.put("alpha.png", written("png", picture(BufferedImage.TYPE_INT_ARGB), "Deflate"));
        seeds.put("palette.png", written("png", picture(BufferedImage.TYPE_BYTE_INDEXED), "Deflate"));
        seeds.put("grey.jpg", written("jpeg", picture(BufferedImage.TYPE_BYTE_GRAY), "JPEG"));
        seeds.put("colour.jpg", written("jpeg", picture(BufferedImage.TYPE_INT_RGB), "JPEG"));
        seeds.put("colour.bmp", written("bmp", picture(BufferedImage.TYPE_INT_RGB), "BI_RGB"));
        seeds.put("masks.bmp", written("bmp", picture(BufferedImage.TYPE_USHORT_565_RGB), "BI_BITFIELDS"));
        seeds.put("runs.bmp", written("bmp", picture(BufferedImage.TYPE_BYTE_INDEXED), "BI_RLE8"));
        seeds.put("bits.bmp", written("bmp", picture(BufferedImage.TYPE_BYTE_BINARY), "BI_RGB"));
        seeds.put("palette.gif", written("gif", picture(BufferedImage.TYPE_BYTE_INDEXED), "LZW"));
        seeds.put("bits.gif", written("gif", picture(BufferedImage.TYPE_BYTE_BINARY), "LZW"));
        byte[] exif = {0, 34, 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0,
            0, 0, 0, 0};
        seeds.put("turned.jpg", withSegment(seeds.get("grey.jpg"), 0xE1, exif));
        byte[] profile = {0, 16, 'I', 'C', 'C', '_', 'P', 'R', 'O', 'F', 'I', 'L', 'E', 0, 1, 1};
        seeds.put("profile.jpg", withSegment(seeds.get("colour.jpg"), 0xE2, profile));
        byte[] placed = seeds.get("palette.gif").clone();
        placed[6] = 20; // the screen's width
        seeds.put("placed.gif", placed);
    }

    private static void addPngs(Map<String, byte[]> seeds) throws IOException {
        int[] types = {BufferedImage.TYPE_BYTE_BINARY, BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_USHORT_GRAY,
            BufferedImage.TYPE_INT_RGB, BufferedImage.TYPE_INT_ARGB, BufferedImage.TYPE_BYTE_INDEXED};
        for (int type : types) {
            seeds.put("kind-" + type, Pictures.unpackedPng(written("png", picture(type), "Deflate")));
            byte[] interlaced = ImageBytes.of("png", picture(type), param -> param.setProgressiveMode(ImageWriteParam.MODE_DEFAULT));
            seeds.put("interlaced-" + type, Pictures.unpackedPng(interlaced));
        }
    }

    private static byte[] written(String format, BufferedImage image, String compression) throws IOException {
        return ImageBytes.of(format, image, param -> {
            param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            param.setCompressionType(compression);
        });
    }

    /** Behind the start of the image; the segment with its length. */
    private static byte[] withSegment(byte[] jpeg, int marker, byte[] segment) {
        return ByteBuffer.allocate(jpeg.length + 2 + segment.length).put(jpeg, 0, 2).put((byte) 0xFF).put((byte) marker).put(segment)
                .put(jpeg, 2, jpeg.length - 2).array();
    }

    private static void addArrays(Map<String, byte[]> seeds, Path work) throws IOException {
        Path file = work.resolve("seed.npy");
        NpyWriter.writeArray(file, POINTS, 3, 2);
        byte[] points = Files.readAllBytes(file);
        seeds.put("points", points);
        NpyWriter.writeArray(file, POINTS, 2, 3);
        seeds.put("with-density", Files.readAllBytes(file));
        String header = new String(points, StandardCharsets.ISO_8859_1);
        seeds.put("doubles", header.replace("<f4", ">f8").concat("\0".repeat(24)).getBytes(StandardCharsets.ISO_8859_1));
        ByteBuffer second = ByteBuffer.allocate(points.length + 2).order(ByteOrder.LITTLE_ENDIAN);
        second.put(points, 0, 6).put((byte) 2).put((byte) 0).putInt(ByteBuffer.wrap(points).order(ByteOrder.LITTLE_ENDIAN).getShort(8));
        seeds.put("version-2", second.put(points, 10, points.length - 10).array());
    }

    private static void addTexts(Map<String, byte[]> seeds) {
        String[] texts = {"x,y\n0.25,0.5\n", "1,2\r\n\r\n3e-3,-4.5\r\n", "\u00EF\u00BB\u00BF\"y\", \"name\", \"x\"\n1,a,2\n", ".5,5.,7\n+1,2,3",
            "# y,x\n1.0e+00 2.0e+00\n", "\"x\";\"a \"\"b\"\"\n\";\"y\"\r\n\"1\";;\"2\"\r\n", "\tx\ty\n0\t1\t2\n"};
        for (int i = 0; i < texts.length; i++) {
            seeds.put("text-" + i, texts[i].getBytes(StandardCharsets.ISO_8859_1));
        }
    }

    private static byte[] header(Path file) throws IOException {
        byte[] header = SafetensorsBytes.headerOf(Files.readAllBytes(file));
        byte[] data = CONSTANT.getBytes(StandardCharsets.ISO_8859_1);
        return ByteBuffer.allocate(header.length + data.length).put(header).put(data).array();
    }

    private static Path model(Path work, Density p1) throws IOException {
        Path file = work.resolve("seed.safetensors");
        Model.write(file, new Model(Network.initial(SMALLEST, 1), Optional.of(named("gaussian")), Optional.of(p1),
                Map.of("seed", "0", "program", "iadb-cl")));
        return file;
    }

    private static Path foreignModel(Path work) throws IOException {
        Path file = work.resolve("seed.safetensors");
        Safetensors.write(file, Network.initial(SMALLEST, 1).tensors(), Map.of());
        return file;
    }

    private static Path modelWithHash(Path work) throws IOException {
        Path file = work.resolve("seed.safetensors");
        Safetensors.write(file, Network.initial(SMALLEST, 1).tensors(), Map.of("format", "iadb-cl-model-1", "p0", "wide.png",
                "p0.sha256", "0".repeat(64), "p0.size", "4000x3000", "p0.path", "somewhere/wide.png"));
        return file;
    }

    /** A checkpoint in the first of two reflow rounds. */
    private static Path roundCheckpoint(Path work) throws IOException {
        Checkpoint.Contents plain = Checkpoint.read(checkpoint(work, false));
        Map<String, String> facts = new HashMap<>(plain.metadata());
        facts.putAll(Map.of("reflow", "2", "reflow_round", "1", "coupling", "ot"));
        Path file = work.resolve("seed.safetensors");
        Checkpoint.write(file, new Checkpoint.Contents(plain.checkpoint().withStep(8), plain.p0(), plain.p1(), new float[8], facts,
                Optional.of(plain.checkpoint().weights())));
        return file;
    }

    private static Path checkpoint(Path work, boolean averages) throws IOException {
        Path file = work.resolve("seed.safetensors");
        Network network = new Network(SMALLEST, new float[SMALLEST.bufferFloats()]);
        Checkpoint checkpoint = new Checkpoint(network, network.parameters(), network.parameters(),
                averages ? Optional.of(network) : Optional.empty(), 3);
        Map<String, String> facts = new HashMap<>(Map.of("data", "9", "batch", "8", "lr", "0.001", "lr_cosine_steps", "0",
                "ema", averages ? "0.9" : "0.0", "seed", "7", "plan", "fused", "total", "5", "checkpoint_every", "1"));
        facts.putAll(Map.of("loss.interval", "1", "loss.sum", "0.0", "loss.smoothed", "1.5", "device", "none", "driver", "none",
                "program", "none", "tuning", "vector=4 tile-rows=8 item-rows=1 item-vectors=1 group-size=1 update-groups=1"
                + " update-group-size=1"));
        Checkpoint.write(file, new Checkpoint.Contents(checkpoint, Optional.of(Pictures.DOT), Optional.of(named("ring")),
                new float[3], facts, Optional.empty()));
        return file;
    }
}
