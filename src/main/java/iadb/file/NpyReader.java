package iadb.file;

import iadb.fault.InvalidInputException;
import iadb.fault.UntrustedText;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads a NumPy file, version 1.0 to 3.0, of float32 or float64: points [N, 2] or [N, 3] in pieces, or a whole array. */
public final class NpyReader implements PointReader {
    private static final int MAX_HEADER_BYTES = 1 << 16;
    private static final int CHUNK_BYTES = 1 << 16;
    private static final int PIECE = 1 << 16; // elements of a whole array that are read at once
    private static final Pattern ORDER = Pattern.compile("'fortran_order'\\s*:\\s*(True|False)");
    private static final Pattern TYPE = Pattern.compile("'descr'\\s*:\\s*'([<>=|]?)(\\w{1,8})'");
    private static final Pattern SHAPE = Pattern.compile("'shape'\\s*:\\s*\\(([0-9, ]{0,200})\\)");

    private final Path file;
    private final FileChannel channel;
    private int elementBytes; // 4 or 8
    private boolean isFortran; // the first axis varies fastest
    private long[] shape;
    private long elements;
    private long dataOffset;
    private ByteBuffer chunk;
    private long rowsRead;

    /** @param channel of the file; closed by this reader unless the constructor throws */
    private NpyReader(FileChannel channel, Path file) throws IOException {
        this.channel = channel;
        this.file = file;
        readHeader();
    }

    /** Whether a file begins with NumPy's magic number. */
    static boolean startsIn(FileChannel channel) throws IOException {
        ByteBuffer magic = ByteBuffer.allocate(NpyWriter.MAGIC.length);
        return channel.read(magic, 0) == magic.capacity() && Arrays.equals(magic.array(), NpyWriter.MAGIC);
    }

    /** Opens a file of at least one point, of two columns, or of three of which the last is ignored. */
    static NpyReader ofPoints(FileChannel channel, Path file) throws IOException {
        NpyReader reader = new NpyReader(channel, file);
        long[] shape = reader.shape;
        if (shape.length != 2 || shape[0] < 1 || shape[1] < 2 || shape[1] > 3) {
            boolean isTransposed = shape.length == 2 && (shape[0] == 2 || shape[0] == 3) && shape[1] > 3;
            throw reader.fault("has shape %s, but points have (N, 2)%s", NpyWriter.text(shape),
                    isTransposed ? ": save array.T" : "");
        }
        return reader;
    }

    /**
     * Reads all elements of an array in C order, of any shape, as floats.
     *
     * @throws InvalidInputException if the file is not such an array, its length does not match its shape, or it has more
     *                               elements than a Java array can hold
     */
    public static float[] readArray(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            NpyReader reader = new NpyReader(channel, file);
            if (reader.isFortran) {
                throw reader.fault("is in Fortran order: save numpy.ascontiguousarray(array)");
            }
            if (reader.elements > Integer.MAX_VALUE - 8) {
                throw reader.fault("holds %,d elements, too many to read at once", reader.elements);
            }
            float[] values = new float[(int) reader.elements];
            for (int done = 0; done < values.length; ) {
                for (double value : reader.elements(done, Math.min(PIECE, values.length - done))) {
                    values[done++] = (float) value;
                }
            }
            return values;
        }
    }

    @Override
    public long count() { return shape[0]; }

    @Override
    public double[] read(int most) throws IOException {
        int rows = (int) Math.min(most, count() - rowsRead);
        int columns = (int) shape[1];
        double[] xs = isFortran ? elements(rowsRead, rows) : elements(rowsRead * columns, rows * columns);
        double[] ys = isFortran ? elements(count() + rowsRead, rows) : xs;
        double[] points = new double[2 * rows];
        for (int n = 0; n < rows; n++) {
            points[2 * n] = isFortran ? xs[n] : xs[n * columns];
            points[2 * n + 1] = isFortran ? ys[n] : ys[n * columns + 1];
            if (!Float.isFinite((float) points[2 * n]) || !Float.isFinite((float) points[2 * n + 1])) {
                throw new InvalidInputException(file + String.format(Locale.ROOT, ": point %,d is not finite", rowsRead + n + 1));
            }
        }
        rowsRead += rows;
        return points;
    }

    @Override
    public void close() throws IOException { channel.close(); }

    /** {@code count} elements from index {@code first}, in the file's order. */
    private double[] elements(long first, int count) throws IOException {
        double[] values = new double[count];
        long at = dataOffset + first * elementBytes;
        for (int i = 0; i < count; ) {
            chunk.clear().limit((int) Math.min(CHUNK_BYTES, (long) (count - i) * elementBytes));
            fill(chunk, at, "became shorter while it was read");
            at += chunk.limit();
            while (chunk.hasRemaining()) {
                values[i++] = elementBytes == Float.BYTES ? chunk.getFloat() : chunk.getDouble();
            }
        }
        return values;
    }

    private void fill(ByteBuffer bytes, long from, String ifTooShort) throws IOException {
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, from + bytes.position()) < 0) {
                throw fault(ifTooShort);
            }
        }
        bytes.flip();
    }

    /** Reads and checks the header, and the file's length against it. */
    private void readHeader() throws IOException {
        if (!startsIn(channel)) {
            throw fault("is not an NPY file");
        }
        ByteBuffer prefix = headerBytes(NpyWriter.MAGIC.length, 6);
        int version = prefix.get(0);
        if (version < 1 || version > 3) {
            throw fault("is an NPY file of version %s: 1 to 3 can be read", version);
        }
        int start = version == 1 ? NpyWriter.PREFIX_BYTES : NpyWriter.PREFIX_BYTES + Short.BYTES;
        long length = version == 1 ? Short.toUnsignedLong(prefix.getShort(2)) : Integer.toUnsignedLong(prefix.getInt(2));
        if (length > MAX_HEADER_BYTES) {
            throw fault("has a header of %,d bytes: at most %,d can be read", length, MAX_HEADER_BYTES);
        }
        parse(new String(headerBytes(start, (int) length).array(), StandardCharsets.ISO_8859_1));
        dataOffset = start + length;
        long dataBytes = channel.size() - dataOffset;
        if (elements > Long.MAX_VALUE / Double.BYTES || elements * elementBytes != dataBytes) {
            throw fault("holds %,d bytes of data, which do not fit an array of shape %s", dataBytes, NpyWriter.text(shape));
        }
    }

    private ByteBuffer headerBytes(long from, int count) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        fill(bytes, from, "ends within its header");
        return bytes;
    }

    /** @param text a Python dictionary of one line */
    private void parse(String text) {
        Matcher type = TYPE.matcher(text);
        Matcher fortran = ORDER.matcher(text);
        Matcher lengths = SHAPE.matcher(text);
        if (!type.find() || !fortran.find() || !lengths.find()) {
            throw fault("has an unreadable NPY header: %s", UntrustedText.shown(text.strip()));
        }
        String name = type.group(2);
        if (!name.equals("f4") && !name.equals("f8")) {
            throw fault("holds elements of type '%s': save it as float32 or float64, with array.astype('float32')", name);
        }
        elementBytes = name.equals("f4") ? Float.BYTES : Double.BYTES;
        isFortran = fortran.group(1).equals("True");
        chunk = ByteBuffer.allocateDirect(CHUNK_BYTES)
                .order(type.group(1).equals(">") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
        try {
            shape = Arrays.stream(lengths.group(1).split(",")).map(String::strip).filter(word -> !word.isEmpty())
                    .mapToLong(Long::parseLong).toArray();
            elements = Arrays.stream(shape).reduce(1, Math::multiplyExact);
        } catch (NumberFormatException | ArithmeticException e) {
            throw fault("has an impossible shape: %s", UntrustedText.shown(lengths.group(1)));
        }
    }

    private InvalidInputException fault(String format, Object... values) {
        return new InvalidInputException(file + " " + String.format(Locale.ROOT, format, values));
    }
}
