package iadb;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.Set;

/**
 * What a class file's constant pool names (JVM specification, 4.4).
 *
 * @param texts   all texts, names of classes, fields and methods among them
 * @param methods name and parameters of each method that the class refers to
 */
public record ConstantPool(Set<String> texts, Set<String> methods) {
    private static final int MAGIC = 0xCAFEBABE;

    /** Reads the pool at the start of a class file. */
    public static ConstantPool read(InputStream file) throws IOException {
        DataInputStream in = new DataInputStream(file);
        if (in.readInt() != MAGIC) {
            throw new IOException("not a class file");
        }
        in.readInt(); // the version
        int count = in.readUnsignedShort();
        String[] texts = new String[count];
        int[][] pairs = new int[count][];
        Set<Integer> references = new HashSet<>();
        for (int i = 1; i < count; i++) {
            int tag = in.readUnsignedByte();
            switch (tag) {
                case 1 -> texts[i] = in.readUTF();
                case 3, 4, 17, 18 -> in.readInt();
                case 5, 6 -> {
                    in.readLong();
                    i++; // a long or a double takes two places
                }
                case 7, 8, 16, 19, 20 -> in.readUnsignedShort();
                case 9, 10, 11, 12 -> {
                    pairs[i] = new int[] {in.readUnsignedShort(), in.readUnsignedShort()};
                    if (tag == 10 || tag == 11) {
                        references.add(i);
                    }
                }
                case 15 -> in.skipNBytes(3);
                default -> throw new IOException("unknown tag " + tag);
            }
        }
        Set<String> methods = new HashSet<>();
        for (int reference : references) {
            int[] nameAndType = pairs[pairs[reference][1]];
            String descriptor = texts[nameAndType[1]];
            methods.add(texts[nameAndType[0]] + descriptor.substring(0, descriptor.indexOf(')') + 1));
        }
        Set<String> all = new HashSet<>();
        for (String text : texts) {
            if (text != null) {
                all.add(text);
            }
        }
        return new ConstantPool(all, methods);
    }
}
