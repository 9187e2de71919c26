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
import java.util.stream.Collectors;

/**
 * The header of a NumPy array file, versions 1.0 to 3.0: a magic number and a Python dictionary of one line.
 *
 * @param elementBytes 4 for float32, 8 for float64
 * @param order        of an element's bytes
 * @param isFortran    whether the first axis is the fastest, so that the columns of a table lie one after another
 * @param shape        the length of each axis
 * @param dataOffset   where the elements begin, in bytes
 */
record NpyHeader(int elementBytes, ByteOrder order, boolean isFortran, long[] shape, long dataOffset) {
    private static final int ALIGNMENT = 64;
    private static final int PREFIX_BYTES = 10;
    private static final byte[] MAGIC = "\u0093NUMPY".getBytes(StandardCharsets.ISO_8859_1);
    private static final int MOST_BYTES = 1 << 16;

    private static final Pattern ORDER = Pattern.compile("'fortran_order'\\s*:\\s*(True|False)");
    private static final Pattern TYPE = Pattern.compile("'descr'\\s*:\\s*'([<>=|]?)(\\w{1,8})'");
    private static final Pattern SHAPE = Pattern.compile("'shape'\\s*:\\s*\\(([0-9, ]{0,200})\\)");

    /** Whether a file begins as one of NumPy's. */
    static boolean startsIn(FileChannel channel) throws IOException {
        ByteBuffer magic = ByteBuffer.allocate(MAGIC.length);
        return channel.read(magic, 0) == MAGIC.length && Arrays.equals(magic.array(), MAGIC);
    }

    /** Elements of the array. */
    long elements() {
        return Arrays.stream(shape).reduce(1, Math::multiplyExact);
    }

    /**
     * Reads and checks a header, and that the file's length fits it.
     *
     * @throws InvalidInputException if the file is no array of float32 or float64 that it holds whole
     */
    static NpyHeader read(FileChannel channel, Path file) throws IOException {
        if (!startsIn(channel)) {
            throw new InvalidInputException(file + " is no NPY file");
        }
        ByteBuffer prefix = bytes(channel, file, MAGIC.length, 6);
        int version = prefix.get(0);
        if (version < 1 || version > 3) {
            throw new InvalidInputException(file + " is an NPY file of version " + version + ": 1 to 3 can be read");
        }
        int start = version == 1 ? PREFIX_BYTES : PREFIX_BYTES + Short.BYTES;
        long length = version == 1 ? Short.toUnsignedLong(prefix.getShort(2)) : Integer.toUnsignedLong(prefix.getInt(2));
        if (length > MOST_BYTES) {
            throw new InvalidInputException(String.format(Locale.ROOT, "%s has a header of %,d bytes: at most %,d can be read", file,
                    length, MOST_BYTES));
        }
        String text = new String(bytes(channel, file, start, (int) length).array(), StandardCharsets.ISO_8859_1);
        NpyHeader header = parse(text, file, start + length);
        long dataBytes = channel.size() - header.dataOffset;
        if (header.elements() > Long.MAX_VALUE / Double.BYTES || header.elements() * header.elementBytes != dataBytes) {
            throw new InvalidInputException(String.format(Locale.ROOT,
                    "%s holds %,d bytes of data, which do not make an array of shape %s", file, dataBytes, text(header.shape)));
        }
        return header;
    }

    private static NpyHeader parse(String text, Path file, long dataOffset) {
        Matcher type = TYPE.matcher(text);
        Matcher fortran = ORDER.matcher(text);
        Matcher shape = SHAPE.matcher(text);
        if (!type.find() || !fortran.find() || !shape.find()) {
            throw new InvalidInputException(file + " has no NPY header that can be read: " + UntrustedText.shown(text.strip()));
        }
        String name = type.group(2);
        if (!name.equals("f4") && !name.equals("f8")) {
            throw new InvalidInputException(file + " holds elements of type '" + name
                    + "': save it as float32 or float64, with array.astype('float32')");
        }
        try {
            long[] lengths = Arrays.stream(shape.group(1).split(",")).map(String::strip).filter(word -> !word.isEmpty())
                    .mapToLong(Long::parseLong).toArray();
            boolean big = type.group(1).equals(">");
            NpyHeader header = new NpyHeader(name.equals("f4") ? Float.BYTES : Double.BYTES,
                    big ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN, fortran.group(1).equals("True"), lengths, dataOffset);
            header.elements();
            return header;
        } catch (NumberFormatException | ArithmeticException e) {
            throw new InvalidInputException(file + " has a shape that no array has: " + UntrustedText.shown(shape.group(1)), e);
        }
    }

    private static ByteBuffer bytes(FileChannel channel, Path file, long from, int count) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, from + bytes.position()) < 0) {
                throw new InvalidInputException(file + " ends within its header");
            }
        }
        return bytes.flip();
    }

    /** A shape as Python writes it. */
    static String text(long[] shape) {
        return "(" + Arrays.stream(shape).mapToObj(Long::toString).collect(Collectors.joining(", "))
                + (shape.length == 1 ? ",)" : ")");
    }

    /** The header of a float32 array of this shape, little-endian, padded as NumPy does. */
    static byte[] ofFloats(long[] shape) {
        String dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': " + text(shape) + ", }";
        int used = PREFIX_BYTES + dictionary.length() + 1;
        int total = (used + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        ByteBuffer header = ByteBuffer.allocate(total).order(ByteOrder.LITTLE_ENDIAN);
        header.put(MAGIC).put((byte) 1).put((byte) 0);
        header.putShort((short) (total - PREFIX_BYTES));
        header.put(dictionary.getBytes(StandardCharsets.US_ASCII));
        while (header.remaining() > 1) {
            header.put((byte) ' ');
        }
        return header.put((byte) '\n').array();
    }
}
