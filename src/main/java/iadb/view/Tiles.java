package iadb.view;

import iadb.cl.OpenClException;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.cl.Resources;
import iadb.density.Density;
import iadb.draw.PointSource;
import iadb.random.RandomPurpose;
import iadb.view.Action.Quantity;
import iadb.view.Action.Switch;
import iadb.view.FrameBudget.Phase;
import iadb.view.interop.Interop;
import iadb.view.scene.Camera;
import iadb.view.scene.Flow;
import iadb.view.scene.SceneRenderer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * The tiles of the window. All show the same points at the same progress. In each frame one of the trainings has its turn, which makes
 * longer slices than a share for each would; the time for mapping is shared equally.
 */
final class Tiles implements Iterable<Tile>, AutoCloseable {
    private static final int MAX_POINTS_DRAWN_ON_HOST = 1 << 16; // takes about 50 ms
    private static final int MAX_NAME_CHARS = 40; // of a folder

    private final Interop interop;
    private final ViewState state;
    private final long seed;
    private final Consumer<String> messages;
    private final Resources resources = new Resources();
    private final Playback playback = new Playback();
    private final List<Tile> tiles = new ArrayList<>();
    private final List<String> folders; // of their results, by their first names
    private final SceneRenderer scene;
    private List<Object> named = List.of(); // what the names were made from
    private List<String> names = List.of();
    private float[] starts; // [N, 2] of the points shown; null before the first are drawn
    private int drawn; // points drawn so far
    private int turn; // index of the tile that was trained last

    /**
     * @param scale    pixels per desktop unit
     * @param state    its chosen point is set here, the rest only read
     * @param messages receives messages to the user
     */
    Tiles(RealtimeConfig config, Interop interop, ViewState state, Camera camera, float scale, Consumer<String> messages) {
        this.interop = interop;
        this.state = state;
        this.messages = messages;
        seed = config.seed();
        Tile.Shared shared = new Tile.Shared(interop, state, playback, seed, new AtomicReference<>(), new AtomicReference<>());
        try {
            scene = resources.add(new SceneRenderer(camera, config.maps().size(), scale));
            for (RealtimeConfig.Shown map : config.maps()) {
                tiles.add(resources.add(new Tile(map, shared)));
            }
        } catch (RuntimeException e) {
            resources.close();
            throw e;
        }
        folders = tiles.stream().map(this::folderName).toList();
    }

    private String folderName(Tile tile) {
        String name = name(tile).replaceFirst("\\.safetensors", "").replaceAll("[^A-Za-z0-9.]+", "-").replaceAll("^[-.]+|[-.]+$", "");
        return tiles.size() == 1 ? "" : number(tile) + "-" + name.substring(0, Math.min(MAX_NAME_CHARS, name.length()));
    }

    int count() { return tiles.size(); }

    Tile get(int tile) { return tiles.get(tile); }

    /** The tile that the panel's lists change. */
    Tile chosen() { return tiles.get(state.tile); }

    @Override
    public Iterator<Tile> iterator() { return tiles.iterator(); }

    List<LiveTraining> trainings() { return tiles.stream().map(Tile::training).toList(); }

    Playback playback() { return playback; }

    /** A name for each tile that says in what it differs from the others; empty if there is only one. */
    List<String> names() {
        if (tiles.size() == 1) {
            return List.of("");
        }
        List<Tile.Chosen> chosen = tiles.stream().map(Tile::chosen).toList();
        List<Optional<String>> models = tiles.stream().map(Tile::modelName).toList();
        if (!named.equals(List.of(chosen, models))) {
            names = TileNames.of(chosen, models);
            named = List.of(chosen, models);
        }
        return names;
    }

    /** The name of a tile, empty if there is only one. */
    String name(Tile tile) { return names().get(tiles.indexOf(tile)); }

    /** The number of a tile for the user, from 1. */
    int number(Tile tile) { return tiles.indexOf(tile) + 1; }

    /** A folder for a tile's results, which stays the same; empty if there is only one. */
    String folder(Tile tile) { return folders.get(tiles.indexOf(tile)); }

    /** A message, with the tile that it is about unless there is only one. */
    String about(Tile tile, String text) { return tiles.size() == 1 ? text : number(tile) + ", " + name(tile) + ": " + text; }

    SceneRenderer scene() { return scene; }

    /** The number of points in each tile. */
    int points() { return starts.length / 2; }

    /**
     * Draws {@code state.points} new points and shows them in all tiles. If a device cannot hold them, the previous points stay, and the
     * user gets a message.
     *
     * @throws OpenClException when there are no previous points
     */
    void draw(Density density) {
        int count = state.points;
        Optional<float[]> onHost = starts == null && count <= MAX_POINTS_DRAWN_ON_HOST // shown before kernels are built
                ? PointSource.drawWithoutDevice(density, seed, RandomPurpose.START_POINTS, drawn, count) : Optional.empty();
        try {
            show(onHost.orElseGet(() -> {
                try (PointSource source = new PointSource(interop.context(), density)) {
                    return source.drawToHost(seed, RandomPurpose.START_POINTS, drawn, count);
                }
            }));
        } catch (OpenClException e) {
            if (starts == null) {
                throw e;
            }
            messages.accept(e.getMessage());
            state.points = points();
            return;
        }
        drawn += count;
        state.chosenPoint = ViewState.NONE;
        scene.setStarts(starts);
    }

    /** Shows points in all tiles, or in none if the device cannot hold them. */
    private void show(float[] fresh) {
        List<Flow> allocated = new ArrayList<>();
        try {
            for (Tile tile : tiles) {
                allocated.add(tile.animation().allocate(fresh));
            }
        } catch (OpenClException e) {
            allocated.forEach(Flow::close);
            tiles.forEach(tile -> tile.animation().keepSteps());
            throw e;
        }
        for (int i = 0; i < tiles.size(); i++) {
            tiles.get(i).animation().show(allocated.get(i));
        }
        starts = fresh;
    }

    /** Begins new passes, and plays them from their start as soon as no training runs. */
    void restart() {
        tiles.forEach(tile -> tile.animation().restart());
        playback.restart();
    }

    /**
     * Trains, maps and moves the points for a frame.
     *
     * @param target  the density that the points should have
     * @param seconds since the last frame
     */
    void advance(Density target, double seconds, FrameBudget budget) {
        tiles.forEach(this::updateStepsAndGrid);
        budget.begin(Phase.TRAINING);
        List<Tile> training = tiles.stream().filter(tile -> tile.training().running()).toList();
        if (!state.is(Switch.PAUSE)) {
            train(budget.training());
        }
        budget.begin(Phase.MAP);
        boolean trains = tiles.stream().anyMatch(tile -> tile.training().running());
        Duration share = budget.map(trains).dividedBy(tiles.size());
        tiles.forEach(tile -> tile.animation().compute(training.contains(tile), share));
        boolean previews = tiles.stream().anyMatch(tile -> tile.animation().previewing());
        playback.setPreviewing(previews);
        if (!previews && !state.is(Switch.PAUSE)) {
            double computed = tiles.stream().mapToDouble(tile -> tile.animation().computedFraction()).min().orElseThrow();
            playback.advance(seconds, state.get(Quantity.SPEED), computed, state.is(Switch.LOOP));
        }
        for (Tile tile : tiles) {
            tile.animation().move();
            tile.distance().advance(tile.animation().points(), target);
        }
    }

    private void updateStepsAndGrid(Tile tile) {
        try {
            if (tile.animation().stepsChanged()) {
                tile.animation().show(tile.animation().allocate(starts));
                tile.animation().restart();
                playback.restart();
            }
        } catch (OpenClException e) {
            tile.animation().keepSteps();
            messages.accept(about(tile, e.getMessage()));
        }
        try {
            tile.animation().showOrHideGrid();
        } catch (OpenClException e) {
            messages.accept(e.getMessage());
            state.set(Switch.GRID, false);
        }
    }

    /** Trains the next tile whose training runs; the others make their pairs. */
    private void train(Duration budget) {
        int last = turn;
        turn = IntStream.rangeClosed(last + 1, last + tiles.size()).map(i -> i % tiles.size())
                .filter(i -> tiles.get(i).training().running()).findFirst().orElse(last);
        for (int i = 0; i < tiles.size(); i++) {
            if (i == turn || !tiles.get(i).training().running()) {
                try {
                    tiles.get(i).training().advance(budget);
                } catch (DeviceLimitException e) {
                    messages.accept(about(tiles.get(i), e.getMessage()));
                }
            }
        }
    }

    /**
     * Stops all trainings if any is active. Otherwise continues those that are stopped, or if there are none, trains the chosen tile
     * further.
     */
    void trainOrStop(Density p0, Density p1) {
        if (trainings().stream().anyMatch(LiveTraining::active)) {
            trainings().forEach(LiveTraining::stop);
        } else if (trainings().stream().filter(LiveTraining::resume).count() == 0) {
            chosen().train(p0, p1);
        }
    }

    /** Trains all from fresh weights, but not given models that others are compared with. */
    void restartTraining(Density p0, Density p1) {
        tiles.stream().filter(tile -> tiles.size() == 1 || !tile.showsModel()).forEach(tile -> tile.restart(p0, p1));
    }

    /** Chooses the point shown nearest to (x, y) in a tile, or none if none is closer than {@code reach}. */
    void choosePoint(int tile, double x, double y, double reach) {
        state.chosenPoint = tiles.get(tile).animation().nearest(x, y, reach);
    }

    /** Moves forward by a number of steps of the chosen tile, or backward if it is negative. */
    void step(int steps) { playback.moveTo(playback.progress() + (double) steps / chosen().animation().steps()); }

    /** Bytes of points copied by the host to OpenGL. */
    long hostBytes() { return tiles.stream().mapToLong(tile -> tile.animation().hostBytes()).sum(); }

    @Override
    public void close() { resources.close(); }
}
