package iadb.fuzz;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Safetensors files with correct lengths, so that a fuzzer reaches the content of the header. */
final class SafetensorsBytes {
    private static final Pattern OFFSETS = Pattern.compile("\"data_offsets\":\\[\\d{1,6},(\\d{1,6})]");
    private static final int MOST_DATA_BYTES = 1 << 16;

    private SafetensorsBytes() {
    }

    /** A header up to the first zero byte, then data: repeated, or cut, to as many bytes as the header says. */
    static byte[] ofHeaderAndData(byte[] input) {
        int header = 0;
        while (header < input.length && input[header] != 0) {
            header++;
        }
        int given = Math.max(0, input.length - header - 1);
        Matcher offsets = OFFSETS.matcher(new String(input, 0, header, StandardCharsets.ISO_8859_1));
        int dataBytes = 0;
        while (offsets.find()) {
            dataBytes = Math.max(dataBytes, Math.min(MOST_DATA_BYTES, Integer.parseInt(offsets.group(1))));
        }
        ByteBuffer file = ByteBuffer.allocate(Long.BYTES + header + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(header).put(input, 0, header);
        for (int i = 0; i < dataBytes; i++) {
            file.put(given == 0 ? 0 : input[header + 1 + i % given]);
        }
        return file.array();
    }

    /** The input that gives a file's header. */
    static byte[] headerOf(byte[] file) {
        int header = (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
        return Arrays.copyOfRange(file, Long.BYTES, Long.BYTES + header);
    }
}
