package iadb.random;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.cl.Kernel;
import iadb.cl.Program;
import iadb.cl.Source;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Philox on the host and on every device against the answers that Random123 publishes (its tests/kat_vectors). */
class PhiloxTest {
    private static final int[][] QUESTIONS = { // counter [4], key [2]
        {0, 0, 0, 0, 0, 0},
        {-1, -1, -1, -1, -1, -1},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0}};
    private static final int[][] ANSWERS_OF_7 = {
        {0x5f6fb709, 0x0d893f64, 0x4f121f81, 0x4f730a48},
        {0x5207ddc2, 0x45165e59, 0x4d8ee751, 0x8c52f662},
        {0x4dfccaba, 0x190a87f0, 0xc47362ba, 0xb6b5242a}};
    private static final int[][] ANSWERS_OF_10 = {
        {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
        {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}};

    private static int[][] answers(int rounds) {
        return rounds == 7 ? ANSWERS_OF_7 : ANSWERS_OF_10;
    }

    @ParameterizedTest
    @ValueSource(ints = {7, 10})
    void hostGivesThePublishedAnswers(int rounds) {
        for (int i = 0; i < QUESTIONS.length; i++) {
            int[] counter = java.util.Arrays.copyOf(QUESTIONS[i], 4);
            Philox.encrypt(counter, QUESTIONS[i][4], QUESTIONS[i][5], rounds);
            assertArrayEquals(answers(rounds)[i], counter);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {7, 10})
    void devicesGiveThePublishedAnswersInEveryLane(int rounds) {
        Source ask = new Source("ask.cl", """
                DEFINE_PHILOX(philox4, uint4)
                DEFINE_PHILOX(philox16, uint16)
                kernel void ask(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, global uint *answers) {
                  uint one[4] = {c0, c1, c2, c3};
                  uint4 four[4] = {c0, c1, c2, c3};
                  uint16 sixteen[4] = {c0, c1, c2, c3};
                  philox(one, k0, k1);
                  philox4(four, k0, k1);
                  philox16(sixteen, k0, k1);
                  for (int word = 0; word < 4; word++) {
                    answers[word * 21] = one[word];
                    vstore4(four[word], 0, answers + word * 21 + 1);
                    vstore16(sixteen[word], 0, answers + word * 21 + 5);
                  }
                }
                """);
        for (Device device : Device.all()) {
            try (Context context = Context.open(device);
                    Program program = context.build(List.of(Source.of("philox.cl"), ask), List.of("-DPHILOX_ROUNDS=" + rounds));
                    Kernel kernel = program.kernel("ask");
                    DeviceBuffer answers = context.zeros(4 * 21 * Integer.BYTES)) {
                for (int i = 0; i < QUESTIONS.length; i++) {
                    int[] q = QUESTIONS[i];
                    kernel.set("c0", q[0]).set("c1", q[1]).set("c2", q[2]).set("c3", q[3]).set("k0", q[4]).set("k1", q[5]);
                    context.enqueue(kernel.set("answers", answers), 1, 1);
                    float[] words = answers.read(new float[4 * 21]);
                    for (int e = 0; e < words.length; e++) {
                        assertEquals(answers(rounds)[i][e / 21], Float.floatToRawIntBits(words[e]), device.name() + " lane " + e % 21);
                    }
                }
            }
        }
    }
}
