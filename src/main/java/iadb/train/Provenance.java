package iadb.train;

import iadb.cl.Device;
import iadb.density.Density;
import iadb.fault.InvalidInputException;
import iadb.fault.InvalidInputException.Setting;
import iadb.file.BuildVersion;
import iadb.file.Json;
import iadb.model.Checkpoint;
import iadb.model.Model;
import iadb.model.Network;
import iadb.plan.PlanChoice;
import iadb.plan.Tuning;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Records in files what made a model: a JSON text for readers, and the facts that are needed to resume a checkpoint. */
public final class Provenance {
    private static final String PLAN = "plan";
    private static final String TUNING = "tuning";
    private static final String TOTAL = "total";
    private static final String ENCODING = "encoding"; // absent: none
    private static final Pattern RECORDED_ENCODING = Pattern.compile("\"encoding\": ?\"fourier:\\d+:(\\d+\\.\\d+(?:E-?\\d+)?)\"");
    private static final String EVERY = "checkpoint_every";
    private static final String ROUND = "reflow_round";

    private Provenance() { }

    /**
     * The settings of a training, its iterations and reflow rounds so far and, if known, those parts of plan and tuning that
     * determine its bits.
     */
    public static Map<String, Object> configuration(TrainingSettings settings, Density p0, Density p1, int iterations, int rounds,
            Optional<PlanChoice> choice) {
        Map<String, Object> record = new LinkedHashMap<>();
        record.put("p0", p0.name());
        record.put("p1", p1.name());
        record.put("data", settings.data());
        record.put("iterations", iterations);
        record.put("batch", settings.batch());
        record.put("lr", settings.learningRate());
        if (settings.cosine()) {
            record.put("lr_schedule", "cosine");
        }
        if (settings.ema() > 0) {
            record.put("ema", settings.ema());
        }
        if (settings.coupling() != Coupling.INDEPENDENT) {
            record.put(Checkpoint.COUPLING, settings.coupling().toString());
        }
        if (rounds > 0) {
            record.put(Checkpoint.REFLOW, rounds);
        }
        if (settings.shape().features() > 0) {
            record.put(ENCODING, encoding(settings));
        }
        record.put("width", settings.shape().width());
        record.put("depth", settings.shape().depth());
        choice.ifPresent(c -> {
            record.put(PLAN, c.kind().byBits().toString());
            record.put(TUNING, c.tuning().bits());
        });
        return record;
    }

    /** Settings with the network of a model, and the deviation of its encoding if the model records it. */
    public static TrainingSettings withNetworkOf(Model model, TrainingSettings settings) {
        Matcher encoding = RECORDED_ENCODING.matcher(model.provenance().getOrDefault("configuration", ""));
        double deviation = encoding.find() ? Double.parseDouble(encoding.group(1)) : Network.DEFAULT_DEVIATION;
        boolean isPossible = deviation > 0 && deviation <= TrainingSettings.MAX_DEVIATION;
        return settings.withShape(model.network().shape()).withEncoding(model.network().shape().features(),
                isPossible ? deviation : Network.DEFAULT_DEVIATION);
    }

    private static String encoding(TrainingSettings settings) {
        return "fourier:" + settings.shape().features() + ":" + settings.encodingDeviation();
    }

    /** The metadata of a model file; plans and tunings that give the same bits give the same metadata. */
    public static Map<String, String> ofModel(TrainingSettings settings, Density p0, Density p1, int iterations, int rounds,
            Optional<PlanChoice> choice) {
        return Map.of("configuration", Json.line(configuration(settings, p0, p1, iterations, rounds, choice)),
                "seed", Long.toString(settings.seed()), "program", BuildVersion.text());
    }

    /** Whether a model is the whole result of a training with these settings and densities, on any device. */
    public static boolean isResult(Model model, TrainingSettings settings, Density p0, Density p1) {
        String wanted = Json.line(configuration(settings, p0, p1, settings.totalIterations(), settings.reflow(), Optional.empty()));
        String open = wanted.substring(0, wanted.length() - 1); // without its brace: plan and tuning follow
        String plan = settings.plan().map(kind -> ",\"" + PLAN + "\":\"" + kind.byBits() + "\"").orElse("");
        String found = model.provenance().getOrDefault("configuration", "");
        return (found.startsWith(open + plan + ",\"" + PLAN + "\"") || found.startsWith(open + plan + ",\"" + TUNING + "\""))
                && model.seed() == settings.seed() && model.isOf(true, p0) && model.isOf(false, p1);
    }

    /** The device, the driver and the program, which also determine the bits of a training. */
    public static Map<String, String> ofMachine(Device device) {
        return new TreeMap<>(Map.of("device", device.name(), "driver", device.platformName() + " " + device.driver(), "program",
                BuildVersion.text()));
    }

    /**
     * The metadata of a checkpoint, for {@link #resumed}.
     *
     * @param round current reflow round; 0 before the first
     */
    static Map<String, String> ofCheckpoint(TrainingSettings settings, int checkpointEvery, int round, PlanChoice choice,
            Device device) {
        Map<String, String> facts = new HashMap<>(ofMachine(device));
        facts.put(TOTAL, Integer.toString(settings.iterations()));
        facts.put(EVERY, Integer.toString(checkpointEvery));
        facts.put("data", Integer.toString(settings.data()));
        facts.put("batch", Integer.toString(settings.batch()));
        facts.put("lr", Float.toString(settings.learningRate()));
        facts.put("lr_cosine_steps", Integer.toString(settings.cosineSteps()));
        facts.put("ema", Double.toString(settings.ema()));
        facts.put("seed", Long.toString(settings.seed()));
        if (settings.coupling() != Coupling.INDEPENDENT) {
            facts.put(Checkpoint.COUPLING, settings.coupling().toString());
        }
        if (settings.shape().features() > 0) {
            facts.put(ENCODING, encoding(settings));
        }
        facts.put(PLAN, choice.kind().byBits().toString());
        facts.put(TUNING, choice.tuning().toString());
        if (settings.reflow() > 0) {
            facts.put(Checkpoint.REFLOW, Integer.toString(settings.reflow()));
            facts.put(ROUND, Integer.toString(round));
        }
        return facts;
    }

    /**
     * The settings with which a checkpoint continues; their plan and tuning are the recorded ones or give the same bits.
     *
     * @param iterations the steps of each round; empty: those of the stopped run
     * @param reflow     the reflow rounds; empty: those of the stopped run
     * @throws InvalidInputException if a fact is missing or out of its range, or the steps or rounds are impossible
     */
    public static TrainingSettings resumed(Checkpoint.Contents from, Optional<Integer> iterations, Optional<Integer> reflow,
            String file) {
        Reader reader = new Reader(from.metadata(), file);
        PlanChoice.Kind kind = reader.fact(PLAN, text -> Arrays.stream(PlanChoice.Kind.values())
                .filter(k -> k.toString().equals(text)).findFirst().orElseThrow(IllegalArgumentException::new));
        int cosineSteps = reader.number("lr_cosine_steps", 0);
        if (iterations.isEmpty() && !from.metadata().containsKey(TOTAL)) {
            throw new InvalidInputException(file + " does not record the total of its iterations", Setting.ITERATIONS);
        }
        int total = iterations.orElseGet(() -> reader.number(TOTAL, 1));
        int round = round(from, file);
        int recorded = from.metadata().containsKey(Checkpoint.REFLOW) ? reader.number(Checkpoint.REFLOW, 1) : 0;
        if (round > recorded) {
            throw reader.fault(ROUND, null);
        }
        int rounds = reflow.orElse(recorded);
        if (rounds < round) {
            throw new InvalidInputException("%s is in reflow round %s, more than %s".formatted(file, round, rounds));
        }
        if (round > 0 && total != reader.number(TOTAL, 1)) {
            throw new InvalidInputException("%s is in reflow round %s: the iterations of a round, %s, cannot be changed"
                    .formatted(file, round, reader.number(TOTAL, 1)));
        }
        if (round > 0 != from.roundStart().isPresent()) {
            throw new InvalidInputException(file + ": the weights at the start of its round are missing or unexpected");
        }
        int batch = reader.number("batch", 1);
        int data = reader.number("data", 1);
        float learningRate = reader.fact("lr", Float::valueOf);
        double ema = reader.fact("ema", Double::valueOf);
        long seed = reader.fact("seed", Long::valueOf);
        Tuning tuning = reader.fact(TUNING, Tuning::parse);
        Coupling coupling = !from.metadata().containsKey(Checkpoint.COUPLING) ? Coupling.INDEPENDENT
                : reader.fact(Checkpoint.COUPLING,
                text -> Arrays.stream(Coupling.values()).filter(c -> c.toString().equals(text)).findFirst()
                        .orElseThrow(IllegalArgumentException::new));
        double deviation = from.checkpoint().weights().shape().features() == 0 ? Network.DEFAULT_DEVIATION
                : reader.fact(ENCODING, text -> Double.valueOf(text.substring(text.lastIndexOf(':') + 1)));
        TrainingSettings settings;
        try {
            settings = new TrainingSettings(total, batch, learningRate, cosineSteps > 0, ema, from.checkpoint().weights().shape(),
                    deviation, data, seed, coupling, rounds, kind == PlanChoice.Kind.LAYERED ? Optional.of(kind)
                            : Optional.empty(),
                    Optional.of(tuning));
        } catch (InvalidInputException e) {
            throw new InvalidInputException(file + ": " + e.getMessage(), e);
        }
        if (settings.ema() > 0 != from.checkpoint().average().isPresent()) {
            throw new InvalidInputException(file + ": its average of the weights is missing or unexpected");
        }
        long step = from.checkpoint().step() - (long) round * total; // of the round
        if (total < step) {
            throw new InvalidInputException("%s has done %s iterations, more than the total of %s".formatted(file, step, total),
                    Setting.ITERATIONS);
        }
        if (step < 0) {
            throw new InvalidInputException("%s: reflow round %s does not begin before iteration %s".formatted(file, round,
                    (long) round * total));
        }
        if (settings.cosine() && total != cosineSteps) {
            throw new InvalidInputException("the learning rate of %s falls to 0 at iteration %s: %s".formatted(file, cosineSteps,
                    step == cosineSteps ? "the training is complete" : "the total cannot be another"), Setting.ITERATIONS);
        }
        return settings;
    }

    /** The reflow round in which a checkpoint was made; 0 before the first. */
    public static int round(Checkpoint.Contents from, String file) {
        return from.metadata().containsKey(Checkpoint.REFLOW) ? new Reader(from.metadata(), file).number(ROUND, 0) : 0;
    }

    /** The steps between checkpoints in the stopped run; 0: no checkpoints. */
    public static int checkpointEvery(Checkpoint.Contents from, String file) {
        return from.metadata().containsKey(EVERY) ? new Reader(from.metadata(), file).number(EVERY, 0) : 0;
    }

    private record Reader(Map<String, String> facts, String file) {
        <T> T fact(String key, Function<String, T> parse) {
            String text = facts.get(key);
            try {
                if (text != null) {
                    return parse.apply(text);
                }
            } catch (IllegalArgumentException e) {
                throw fault(key, e);
            }
            throw fault(key, null);
        }

        int number(String key, int min) {
            int value = fact(key, Integer::valueOf);
            if (value < min) {
                throw fault(key, null);
            }
            return value;
        }

        InvalidInputException fault(String key, Throwable cause) {
            return new InvalidInputException(file + ": its " + key + " is missing or invalid", cause);
        }
    }
}
