package iadb.train;

import iadb.density.Density;
import iadb.fault.InvalidInputException;
import iadb.file.BuildVersion;
import iadb.file.JsonRecord;
import iadb.model.NetworkShape;
import iadb.plan.PlanChoice;
import iadb.plan.Tuning;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;

/** What made a model, as its file says it: for people as one JSON text, for going on from a checkpoint as single facts. */
public final class Provenance {
    private static final String PLAN = "plan";
    private static final String TUNING = "tuning";

    private Provenance() {
    }

    /** The configuration of a training and how far it came, of plan and tuning what its bits depend on where they are known. */
    public static JsonRecord configuration(TrainingSettings config, Density p0, Density p1, int iterations,
            Optional<PlanChoice> choice) {
        JsonRecord record = new JsonRecord().add("p0", p0.name()).add("p1", p1.name()).add("data", config.data())
                .add("iterations", iterations).add("batch", config.batch()).add("lr", config.learningRate());
        if (config.cosine()) {
            record.add("lr_schedule", "cosine");
        }
        if (config.ema() > 0) {
            record.add("ema", config.ema());
        }
        record.add("width", config.shape().width()).add("depth", config.shape().depth());
        choice.ifPresent(c -> record.add(PLAN, c.kind().byBits().toString()).add(TUNING, c.tuning().bits()));
        return record;
    }

    /** The metadata of a model file: files of the same training are the same, whichever plan and tuning of the same bits ran it. */
    public static Map<String, String> ofModel(TrainingSettings config, Density p0, Density p1, int iterations,
            Optional<PlanChoice> choice) {
        return Map.of("configuration", configuration(config, p0, p1, iterations, choice).toString(),
                "seed", Long.toString(config.seed()), "program", BuildVersion.text());
    }

    /** The metadata of a checkpoint, for {@link #resumed}. */
    public static Map<String, String> ofCheckpoint(TrainingSettings config, PlanChoice choice) {
        Map<String, String> facts = new HashMap<>();
        facts.put("data", Integer.toString(config.data()));
        facts.put("batch", Integer.toString(config.batch()));
        facts.put("lr", Float.toString(config.learningRate()));
        facts.put("lr_cosine_steps", Integer.toString(config.rates().cosineSteps()));
        facts.put("ema", Double.toString(config.ema()));
        facts.put("seed", Long.toString(config.seed()));
        facts.put(PLAN, choice.kind().byBits().toString());
        facts.put(TUNING, choice.tuning().toString());
        return facts;
    }

    /**
     * The settings to continue a checkpoint with, whose plan and tuning are the recorded ones or give the same bits; their
     * iterations are those over which the learning rate falls, or without limit where it is constant.
     *
     * @throws InvalidInputException when a fact is missing or out of its range
     */
    public static TrainingSettings resumed(NetworkShape shape, Map<String, String> facts, String file) {
        Reader reader = new Reader(facts, file);
        PlanChoice.Kind kind = reader.fact(PLAN, text -> Arrays.stream(PlanChoice.Kind.values())
                .filter(k -> k.toString().equals(text)).findFirst().orElseThrow(IllegalArgumentException::new));
        int cosineSteps = reader.number("lr_cosine_steps", 0);
        try {
            return new TrainingSettings(cosineSteps > 0 ? cosineSteps : Integer.MAX_VALUE, reader.number("batch", 1),
                    reader.fact("lr", Float::valueOf), cosineSteps > 0, reader.fact("ema", Double::valueOf), shape,
                    reader.number("data", 1), reader.fact("seed", Long::valueOf),
                    kind == PlanChoice.Kind.LAYERED ? Optional.of(kind) : Optional.empty(),
                    Optional.of(reader.fact(TUNING, Tuning::parse)));
        } catch (InvalidInputException e) {
            throw e.getMessage().startsWith(file) ? e : new InvalidInputException(file + ": " + e.getMessage(), e);
        }
    }

    /** A whole number of the facts, at least {@code least}; empty when it is not there. */
    public static OptionalInt number(Map<String, String> facts, String key, int least, String file) {
        return facts.containsKey(key) ? OptionalInt.of(new Reader(facts, file).number(key, least)) : OptionalInt.empty();
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

        int number(String key, int least) {
            int value = fact(key, Integer::valueOf);
            if (value < least) {
                throw fault(key, null);
            }
            return value;
        }

        InvalidInputException fault(String key, Throwable cause) {
            return new InvalidInputException(file + ": its " + key + " is missing or not one that this program writes", cause);
        }
    }
}
