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
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * The tiles of the window. All show the same points at the same progress. In each frame one of the trainings has its turn, which makes
 * longer slices than a share for each would; the time for mapping is shared equally.
 */
final class Tiles implements Iterable<Tile>, AutoCloseable {
    private static final int MAX_POINTS_DRAWN_ON_HOST = 1 << 16; // takes about 50 ms
    private static final Duration MAPPING = Duration.ofMillis(40); // of a frame, for the pairs of reflow; divided by the tiles

    private final Interop interop;
    private final ViewState state;
    private final long seed;
    private final Consumer<String> messages;
    private final Resources resources = new Resources();
    private final Playback playback = new Playback();
    private final List<Tile> tiles = new ArrayList<>();
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
        try {
            for (RealtimeConfig.Shown map : config.maps()) {
                tiles.add(resources.add(new Tile(map, interop, state, playback, camera, scale)));
            }
        } catch (RuntimeException e) {
            resources.close();
            throw e;
        }
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
        return tiles.size() == 1 ? List.of("")
                : TileNames.of(tiles.stream().map(Tile::chosen).toList(), tiles.stream().map(Tile::modelName).toList());
    }

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
        tiles.forEach(tile -> tile.scene().setStarts(starts));
    }

    private void show(float[] fresh) {
        for (int i = 0; i < tiles.size(); i++) {
            try {
                tiles.get(i).animation().show(fresh);
            } catch (OpenClException e) {
                if (starts != null) {
                    tiles.subList(0, i).forEach(tile -> tile.animation().show(starts));
                }
                throw e;
            }
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
        tiles.forEach(this::showAgain);
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

    /** Shows the same points again if the number of steps has changed; shows or hides the grid. */
    private void showAgain(Tile tile) {
        try {
            if (tile.animation().isOutdated()) {
                tile.animation().show(starts);
                tile.animation().restart();
                playback.restart();
            }
        } catch (OpenClException e) {
            messages.accept(e.getMessage());
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
                    tiles.get(i).training().advance(budget, MAPPING.dividedBy(tiles.size()));
                } catch (DeviceLimitException e) {
                    messages.accept(e.getMessage());
                }
            }
        }
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
