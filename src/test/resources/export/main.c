/* Reads the first float, an alpha, then for each map n points and n values of log p0 from stdin as floats; writes
 * 14 floats for each point. */
#include <stdio.h>
#include "plain.c"
#include "encoded.c"
#include "boxed.c"
#include "trained.c"

enum { COUNT = 1000 };

static float known;

static float known_log_p0(const float start[2])
{
    (void)start;
    return known;
}

#define RUN(name)                                                                       \
    static int run_##name(float alpha)                                                  \
    {                                                                                   \
        static float starts[COUNT][2], logs[COUNT];                                     \
        int n;                                                                          \
        if (fread(starts, sizeof starts, 1, stdin) != 1) return 1;                      \
        if (fread(logs, sizeof logs, 1, stdin) != 1) return 1;                          \
        for (n = 0; n < COUNT; n++) {                                                   \
            float out[14];                                                              \
            known = logs[n];                                                            \
            name##_map(starts[n], out);                                                 \
            out[4] = name##_map_log_det(starts[n], out + 2);                            \
            out[7] = (float)name##_inverse(out, out + 5, out + 8);                      \
            name##_velocity(starts[n], alpha, out + 9);                                 \
            out[11] = name##_log_density(out, known_log_p0);                            \
            out[12] = (float)name##_inverse(out, out + 5, NULL);                        \
            out[13] = plain_log_p0(starts[n]);                                          \
            if (fwrite(out, sizeof out, 1, stdout) != 1) return 1;                      \
        }                                                                               \
        return 0;                                                                       \
    }

RUN(plain)
RUN(encoded)
RUN(boxed)
RUN(trained)

int main(void)
{
    float alpha;
    if (fread(&alpha, sizeof alpha, 1, stdin) != 1) return 1;
    return run_plain(alpha) || run_encoded(alpha) || run_boxed(alpha) || run_trained(alpha);
}
