package iadb.file;

import iadb.fault.InvalidInputException;
import iadb.fault.UntrustedText;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Reads one safetensors file that may come from anywhere. Lengths are checked against the file's size before anything
 * of that length is allocated, so memory stays a small multiple of the file's size, itself bounded; the tensors must
 * fill the data exactly, without overlap or hole, and every value must be finite. Every fault is an
 * {@link InvalidInputException} of one line that names the file.
 */
final class SafetensorsReader {
    /** The format's own bound on the header. */
    private static final long MOST_HEADER_BYTES = 100_000_000;
    /** Far above any network here, and low enough for any heap that could train one. */
    private static final long MOST_DATA_BYTES = 1 << 30;
    private static final int CHUNK_BYTES = 1 << 16;

    private final Path file;

    SafetensorsReader(Path file) {
        this.file = file;
    }

    Safetensors.Contents read() {
        if (!Files.exists(file)) {
            throw fault("there is no such file");
        }
        if (!Files.isRegularFile(file)) {
            throw fault(Files.isDirectory(file) ? "is a folder, not a safetensors file" : "is not a regular file");
        }
        try (FileChannel channel = FileChannel.open(file)) {
            return read(channel);
        } catch (OutOfMemoryError e) {
            throw fault("takes more memory than Java has; give java more with -Xmx4g", e);
        } catch (EOFException e) {
            throw fault("the file became shorter while it was read", e);
        } catch (IOException e) {
            throw fault(e instanceof AccessDeniedException ? "cannot be read: check its permissions"
                    : "cannot be read (" + e.getClass().getSimpleName() + ")", e);
        }
    }

    private Safetensors.Contents read(FileChannel channel) throws IOException {
        long fileBytes = channel.size();
        if (fileBytes < Safetensors.LENGTH_BYTES) {
            throw fault("the file is truncated (a safetensors file has 8 bytes at least, this one has %,d)", fileBytes);
        }
        long headerBytes = bytes(channel, Safetensors.LENGTH_BYTES).getLong();
        if (headerBytes < 0 || headerBytes > MOST_HEADER_BYTES) {
            throw fault("not a safetensors file (its header would have %s bytes, the limit is %,d)",
                    Long.toUnsignedString(headerBytes), MOST_HEADER_BYTES);
        }
        long dataBytes = fileBytes - Safetensors.LENGTH_BYTES - headerBytes;
        if (dataBytes < 0) {
            throw fault("the file is truncated (its header should have %,d bytes, the file has %,d)", headerBytes,
                    fileBytes - Safetensors.LENGTH_BYTES);
        }
        SafetensorsHeader header = header(bytes(channel, (int) headerBytes).array());
        checkLayout(header, dataBytes);

        Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        long dataStart = Safetensors.LENGTH_BYTES + headerBytes;
        for (SafetensorsHeader.Entry entry : header.entries()) {
            channel.position(dataStart + entry.begin());
            float[] data = floats(channel, chunk, entry);
            tensors.put(entry.name(), new Safetensors.Tensor(entry.name(), entry.shape(), data));
        }
        return new Safetensors.Contents(tensors, header.metadata());
    }

    private SafetensorsHeader header(byte[] text) {
        try {
            return SafetensorsHeader.parse(text);
        } catch (InvalidInputException e) {
            throw fault(e.getMessage(), e);
        }
    }

    private void checkLayout(SafetensorsHeader header, long dataBytes) {
        List<SafetensorsHeader.Entry> byPlace = new ArrayList<>(header.entries());
        byPlace.sort(Comparator.comparingLong(SafetensorsHeader.Entry::begin)
                .thenComparingLong(SafetensorsHeader.Entry::end));
        long end = 0;
        for (SafetensorsHeader.Entry entry : byPlace) {
            if (entry.begin() != end) {
                throw fault("tensor '%s' starts at byte %,d of the data, expected %,d: tensors may neither overlap nor"
                        + " leave holes", UntrustedText.shown(entry.name()), entry.begin(), end);
            }
            end = entry.end();
        }
        if (dataBytes < end) {
            throw fault("the file is truncated (header says %,d bytes of data, the file has %,d)", end, dataBytes);
        }
        if (dataBytes > end) {
            throw fault("the file is too long (header says %,d bytes of data, the file has %,d)", end, dataBytes);
        }
        if (dataBytes > MOST_DATA_BYTES) {
            throw fault("the file has %,d bytes of data, the limit is %,d", dataBytes, MOST_DATA_BYTES);
        }
    }

    private float[] floats(FileChannel channel, ByteBuffer chunk, SafetensorsHeader.Entry entry) throws IOException {
        float[] data = new float[(int) ((entry.end() - entry.begin()) / Float.BYTES)];
        for (int i = 0; i < data.length;) {
            chunk.clear().limit((int) Math.min(CHUNK_BYTES, (long) Float.BYTES * (data.length - i)));
            fill(channel, chunk);
            while (chunk.hasRemaining()) {
                data[i] = chunk.getFloat();
                if (!Float.isFinite(data[i])) {
                    throw fault("tensor '%s' holds %s at element %,d; every value must be finite",
                            UntrustedText.shown(entry.name()), data[i], i);
                }
                i++;
            }
        }
        return data;
    }

    private static ByteBuffer bytes(FileChannel channel, int count) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        fill(channel, buffer);
        return buffer;
    }

    private static void fill(FileChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw new EOFException();
            }
        }
        buffer.flip();
    }

    private InvalidInputException fault(String format, Object... values) {
        return fault(String.format(Locale.ROOT, format, values), (Throwable) null);
    }

    private InvalidInputException fault(String what, Throwable cause) {
        return new InvalidInputException(file + ": " + what, cause);
    }
}
