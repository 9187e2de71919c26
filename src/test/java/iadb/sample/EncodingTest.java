package iadb.sample;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.cl.Kernel;
import iadb.cl.Program;
import iadb.cl.Source;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plan.PlanAccess;
import iadb.plan.Tuning;
import iadb.plan.TuningTable;
import iadb.sample.Integration.Schedule;
import iadb.sample.PushForward.PointsWithDensity;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The features of an encoding, their tangents, and density and inverse of a trained encoded map, on every OpenCL device. */
class EncodingTest {
    private static final double U = Math.pow(2, -24); // unit roundoff

    /** The bounds that {@code cos_turns} in {@code cl/network.cl} promises, with fused multiply-adds and without. */
    private static final double FUSED_ERROR = 1.4e-7;
    private static final double COSINE_ERROR = 1.7e-7;

    private static final List<Source> COSINES = List.of(Source.of("arithmetic.cl"), Source.of("network.cl"),
            new Source("cosines.cl", """
            kernel void take_cosines(global const float *u, global float *cosines, uint count) {
              for (uint i = get_global_id(0) * VECTOR; i < count; i += get_global_size(0) * VECTOR)
                STORE_GLOBAL(cosines + i, cos_turns(LOAD_GLOBAL(u + i)));
            }
            """));

    private static final Source ROWS = new Source("rows.cl", """
            GROUP void encode_rows(global const float *parameters, global const float *at, global float *rows) {
              local float input[TILE_ROWS * INPUTS] ALIGNED;
              local float tangent[2 * TILE_ROWS * INPUTS] ALIGNED;
              for (int r = get_local_id(0); r < TILE_ROWS; r += GROUP_SIZE) {
                for (int c = 0; c < 3; c++) input[r * INPUTS + c] = at[r * 3 + c];
                input[r * INPUTS + 3] = 1.0f;
                for (int d = 0; d < 2; d++)
                  for (int c = 0; c < 2; c++) tangent[(d * TILE_ROWS + r) * INPUTS + c] = c == d ? 1.0f : 0.0f;
              }
              encode_with_tangents(get_local_id(0), parameters, input, tangent);
              GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
              for (int i = get_local_id(0); i < TILE_ROWS * INPUTS; i += GROUP_SIZE) {
                rows[i] = input[i];
                rows[TILE_ROWS * INPUTS + i] = tangent[i];
                rows[2 * TILE_ROWS * INPUTS + i] = tangent[TILE_ROWS * INPUTS + i];
              }
            }
            """);

    private interface OnDevice {
        void run(Context context, Program program, Tuning tuning);
    }

    private static void onEachDevice(List<Source> sources, NetworkShape shape, int vector, OnDevice test) {
        for (Device device : Device.all()) {
            Tuning tuning = TuningTable.find(device, TuningTable.Purpose.DENSITY).with("vector", vector)
                    .fit(shape, Tuning.Footprint.TWO_LAYERS_WITH_TANGENTS, device).orElseThrow();
            List<String> options = new ArrayList<>(PlanAccess.options(tuning, shape, device.fusesMultiplyAdd()));
            options.add("-w"); // not all functions are used
            try (Context context = Context.open(device); Program program = context.build(sources, options)) {
                test.run(context, program, tuning);
            }
        }
    }

    @Test
    void cosinesOfAnyPhaseAreWithinTheirBound() {
        int count = 1 << 18;
        float[] u = new float[count];
        for (int i = 0; i < count; i++) {
            u[i] = i < count / 2 ? 2f * i / count - 0.5f : 200f * i / count - 150; // one turn densely, then -50 to 50
        }
        Random random = new Random(1);
        for (int i = 0; i < 4096; i++) { // quarters of a turn, and next to them
            float quarter = 0.25f * (random.nextInt(401) - 200);
            u[i] = i % 3 == 0 ? quarter : i % 3 == 1 ? Math.nextUp(quarter) : Math.nextDown(quarter);
        }
        u[4096] = 1e30f; // a whole number
        double[] exact = new double[count];
        Arrays.setAll(exact, i -> Math.cos(2 * Math.PI * Math.IEEEremainder(u[i], 1)));
        for (int vector : new int[] {4, 8, 16}) {
            onEachDevice(COSINES, new NetworkShape(16, 1, 8), vector, (context, program, tuning) -> {
                try (DeviceBuffer phases = context.buffer(u);
                        DeviceBuffer cosines = context.zeros(count * Float.BYTES);
                        Kernel kernel = program.kernel("take_cosines").set("u", phases).set("cosines", cosines).set("count",
                                count)) {
                    context.enqueue(kernel, 1024, 64);
                    float[] result = cosines.read(new float[count]);
                    double worst = 0;
                    for (int i = 0; i < count; i++) {
                        worst = Math.max(worst, Math.abs(result[i] - exact[i]));
                    }
                    assertTrue(worst < (context.device().fusesMultiplyAdd() ? FUSED_ERROR : COSINE_ERROR), "largest error "
                            + worst);
                }
            });
        }
    }

    @Test
    void featuresAreSinesThenCosinesAndTangentsAreTheirSlopes() {
        List<Source> sources = Stream.concat(Sampler.densitySources().stream(), Stream.of(ROWS)).toList();
        for (int features : new int[] {8, 128}) {
            NetworkShape shape = new NetworkShape(16, 1, features);
            Network network = Network.initial(shape, 8, 3); // phases of up to some 30 turns
            float[] directions = network.tensors().get(2 * shape.layers()).data();
            onEachDevice(sources, shape, features == 8 ? 4 : 16, (context, program, tuning) -> {
                int inputs = 4 + 2 * features;
                float[] at = new float[3 * tuning.tileRows()];
                Random random = new Random(2);
                for (int i = 0; i < at.length; i++) {
                    at[i] = 3 * random.nextFloat() - 1; // points may leave the unit square
                }
                float[] rows = new float[3 * tuning.tileRows() * inputs];
                try (DeviceBuffer parameters = context.buffer(network.parameters());
                        DeviceBuffer points = context.buffer(at);
                        DeviceBuffer output = context.zeros(rows.length * Float.BYTES);
                        Kernel kernel = program.kernel("encode_rows").set("parameters", parameters).set("at",
                                points).set("rows", output)) {
                    context.enqueue(kernel, tuning.groupSize(), tuning.groupSize());
                    output.read(rows);
                }
                for (int r = 0; r < tuning.tileRows(); r++) {
                    for (int e = 0; e < 2 * features; e++) {
                        assertFeature(directions, features, e, at, rows, r, tuning.tileRows());
                    }
                    assertArrayEquals(new float[] {at[3 * r], at[3 * r + 1], at[3 * r + 2], 1},
                            Arrays.copyOfRange(rows, r * inputs, r * inputs + 4));
                }
            });
        }
    }

    private static void assertFeature(float[] directions, int features, int e, float[] at, float[] rows, int r, int tileRows) {
        int inputs = 4 + 2 * features;
        int f = 3 * (e % features);
        boolean isSine = e < features;
        double turns = 0;
        double terms = 0.25;
        for (int c = 0; c < 3; c++) {
            turns += (double) directions[f + c] * at[3 * r + c];
            terms += Math.abs((double) directions[f + c] * at[3 * r + c]);
        }
        double angle = 2 * Math.PI * turns;
        // u is a sum of four terms: three products and three sums are rounded, each by U of at most the sum of the terms
        double uError = 6 * U * terms;
        double error = COSINE_ERROR + 2 * Math.PI * uError;
        assertEquals(isSine ? Math.sin(angle) : Math.cos(angle), rows[r * inputs + 4 + e], error, "feature " + e);
        for (int d = 0; d < 2; d++) {
            double slope = 2 * Math.PI * directions[f + d] * (isSine ? Math.cos(angle) : -Math.sin(angle));
            // the quarter turn that makes the cosine a sine is another rounded sum, and three factors are rounded
            double slopeError = 2 * Math.PI * Math.abs(directions[f + d]) * (error + 2 * Math.PI * U * (terms + 0.25) + 6 * U);
            assertEquals(slope, rows[((1 + d) * tileRows + r) * inputs + 4 + e], slopeError, "slope of feature " + e);
        }
    }

    private static PushForward open(Context context, Integration integration) {
        return new PushForward(context, TrainedNetwork.encoded(), Optional.of(TrainedNetwork.P0), integration, share -> true);
    }

    @Test
    void thereAndBackIsWithinOneHundredThousandth() {
        float[] starts = TrainedNetwork.starts(2003);
        for (Device device : Device.all()) {
            for (Solver solver : Solver.values()) {
                try (Context context = Context.open(device);
                        PushForward map = open(context, Integration.of(solver, Schedule.LINEAR, 64 / solver.evaluations(),
                                false))) {
                    PointsWithDensity there = map.mapWithDensity(starts);
                    assertArrayEquals(map.map(starts), there.points(), 1e-5f);
                    PointsWithDensity back = map.inverseWithDensity(there.points());
                    for (int n = 0; n < starts.length / 2; n++) {
                        assertFalse(Float.isNaN(back.logDensity()[n]), "steps of this network invert everywhere");
                        assertEquals(starts[2 * n], back.points()[2 * n], 1e-5);
                        assertEquals(starts[2 * n + 1], back.points()[2 * n + 1], 1e-5);
                    }
                }
            }
        }
    }

    @Test
    void theDensityIntegratesToOne() {
        int side = 200;
        double low = -0.1;
        double width = 1.2;
        float[] grid = TrainedNetwork.grid(side, low, width);
        for (Device device : Device.all()) {
            try (Context context = Context.open(device);
                    PushForward map = open(context, Integration.of(Solver.EULER, Schedule.LINEAR, 32, false))) {
                double total = 0;
                for (float logDensity : map.inverseWithDensity(grid).logDensity()) {
                    total += Float.isNaN(logDensity) ? 0 : Math.exp(logDensity) * Math.pow(width / side, 2);
                }
                assertEquals(1, total, 0.01, "integral of the density");
            }
        }
    }
}
