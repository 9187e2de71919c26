// The page: its controls, its playback, and the functions of window.iadb.

const MARGIN = 0.04; // around the square, as a share of the canvas
const PASS_SECONDS = 4;
const REST_SECONDS = 0.7;
const TRAJECTORY_REACH = 28; // pixels within which a click finds a point
const KEYS = [["Space", "play or pause"], ["Left, Right", "one step back or forward"], ["R", "new points"],
  ["+, -", "double or halve the points"], ["B", "reverse the direction"], ["C", "colour by start"], ["D", "target density"],
  ["T", "trails"], ["G", "grid carried by the map"], ["V", "velocity"], ["L", "light or dark"],
  ["Esc", "close the trajectory"], ["H", "this list"]];
const SWITCHES = {colour: "c", density: "d", trails: "t", grid: "g", arrows: "v"};

const byId = id => document.getElementById(id);
const grouped = number => number.toLocaleString("en-US");

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

const data = JSON.parse(byId("data").textContent);
const models = data.models.map(each => new Model({...each, hues: data.hues}));
const state = {playing: !matchMedia("(prefers-reduced-motion: reduce)").matches, progress: 0, playback: 1, rest: REST_SECONDS,
  speed: 1, count: 0, reverse: false, seed: 0, chosen: -1, theme: "dark",
  steps: {solver: data.solver, schedule: data.schedule, steps: data.steps}};

/** Colours as red, green and blue from 0 to 1. */
function themeOf(name) {
  const rgb = text => [1, 3, 5].map(i => parseInt(text.slice(i, i + 2), 16) / 255);
  if (name === "dark") return {paper: rgb(data.paper), ink: rgb(data.ink), hues: data.hues.map(rgb), density: 0.24};
  // on light paper the same hues, darker
  const hues = data.hues.map(hue => rgb(hue).map(channel => 0.72 * channel));
  return {paper: rgb("#f8f9fb"), ink: rgb("#171b24"), hues, density: 0.16};
}

/** A model's tile: its canvas, its points, and its trajectory. */
class View {
  constructor(model) {
    this.model = model;
    this.frame = element("div", undefined, "frame");
    this.aspect = Math.max(0.5, Math.min(2, (model.data.p1 || model.data.p0 || {aspect: 1}).aspect));
    this.frame.style.aspectRatio = String(this.aspect);
    this.over = element("canvas", undefined, "over");
    this.over.setAttribute("role", "img");
    this.over.setAttribute("aria-label", `Points that the map moves from ${model.data.names[0]} to ${model.data.names[1]}`);
    this.over.addEventListener("click", event => choose(this, event));
    const {x0, y0, side} = model.box, corner = (x, y) => [x, y].map(value => Number(value.toPrecision(5))).join(", ");
    this.frame.append(this.over, element("span", corner(x0, y0), "corner low"),
      element("span", corner(x0 + side, y0 + side), "corner high"));
    this.figure = element("figure");
    this.figure.append(this.frame);
    this.letter = "ABCD"[models.indexOf(model)];
    if (models.length > 1) {
      const caption = element("figcaption");
      caption.append(element("b", this.letter), " " + model.data.label);
      this.figure.append(caption);
    }
    this.open(location.hash === "#canvas" ? "the address asks for it" : "");
  }

  /** Makes the canvas and its renderer; without WebGL 2, or for a reason given, the one in JavaScript. */
  open(reason) {
    if (this.canvas) this.canvas.remove();
    this.reason = reason;
    const canvas = () => {
      this.canvas = element("canvas");
      this.frame.prepend(this.canvas);
      return this.canvas;
    };
    if (!reason) {
      try {
        this.renderer = new GpuRenderer(canvas(), this.model);
        this.canvas.addEventListener("webglcontextlost", () => {
          this.open("the GPU stopped");
          const exponent = Math.log2(state.count);
          state.count = 0;
          setCount(exponent);
        });
      } catch (fault) {
        this.canvas.remove();
        this.reason = fault.message;
      }
    }
    if (this.reason) this.renderer = new PlainRenderer(canvas(), this.model);
    this.points = null;
    this.grid = null;
    this.shown = null;
  }

  /** Starts the points anew, and the grid if it is shown. */
  restart() {
    this.points?.close();
    this.grid?.close();
    this.starts = this.model.starts(state.count, state.seed, state.reverse);
    this.points = this.renderer.flow(this.starts, state.steps, state.reverse);
    this.grid = null;
    this.updateGrid();
    this.trace();
  }

  updateGrid() {
    if (byId("grid").checked && !this.grid) {
      this.grid = this.renderer.flow(gridStarts(GRID_LINES, this.renderer.linePoints), state.steps, state.reverse);
    }
  }

  /** Computes the trajectory of the chosen point, with its log-density. */
  trace() {
    this.trajectory = null;
    if (state.chosen < 0) return;
    const point = Float64Array.from(this.starts.subarray(2 * state.chosen, 2 * state.chosen + 2));
    const start = [...point], path = [start], stepper = new Stepper(this.model.network, state.steps.solver);
    const logDet = stepper.run(point, alphasOf(state.steps, state.reverse), !state.reverse, at => path.push([...at]));
    let logDensity = NaN;
    if (this.model.densities[0]) {
      const back = Float64Array.from(start);
      const logDetBack = state.reverse ? stepper.invert(back, alphasOf(state.steps, false)) : logDet;
      logDensity = this.model.logStart(back[0], back[1]) - logDetBack;
    }
    let length = 0;
    for (let i = 1; i < path.length; i++) length += Math.hypot(path[i][0] - path[i - 1][0], path[i][1] - path[i - 1][1]);
    this.trajectory = {path, times: stepTimes(), logDensity, length};
  }

  /** Where the chosen point is now, in the unit square. */
  chosenNow() {
    const {path, times} = this.trajectory;
    let i = 0;
    while (i + 2 < times.length && times[i + 1] <= state.progress) i++;
    const blend = Math.min(1, (state.progress - times[i]) / (times[i + 1] - times[i]));
    return [0, 1].map(c => path[i][c] + blend * (path[i + 1][c] - path[i][c]));
  }

  draw(theme) {
    const box = this.frame.getBoundingClientRect(), scale = Math.min(2, devicePixelRatio || 1);
    const width = Math.max(1, Math.round((box.width - 2) * scale)), height = Math.max(1, Math.round((box.height - 2) * scale));
    for (const canvas of [this.canvas, this.over]) {
      if (canvas.width !== width) canvas.width = width;
      if (canvas.height !== height) canvas.height = height;
    }
    const inside = 1 - 2 * MARGIN;
    const switched = Object.fromEntries(Object.keys(SWITCHES).map(id => [id, byId(id).checked]));
    const {points, grid, trajectory} = this, progress = Math.min(state.progress, points.computed());
    const shown = [points, points.times.length, switched.grid && grid ? grid.times.length : 0, trajectory, progress,
      state.progress, switched.trails && state.playback, ...Object.values(switched), theme, width, height];
    if (shown.every((value, i) => value === this.shown?.[i])) return; // nothing changed
    this.shown = shown;
    this.renderer.draw({...switched, points, grid: switched.grid && grid, progress,
      alpha: state.reverse ? 1 - state.progress : state.progress, trailDirection: state.playback, target: state.reverse ? 0 : 1,
      theme, scale, view: [2 * inside, 2 * inside, -inside, -inside], side: Math.sqrt(width * height) * inside});
    const context = this.over.getContext("2d");
    context.clearRect(0, 0, width, height);
    if (trajectory) this.drawTrajectory(context, theme, scale);
  }

  drawTrajectory(context, theme, scale) {
    const {width, height} = this.over, inside = 1 - 2 * MARGIN;
    const at = ([x, y]) => [(MARGIN + inside * x) * width, (1 - MARGIN - inside * y) * height];
    const {path} = this.trajectory, line = () => {
      context.beginPath();
      path.forEach(point => context.lineTo(...at(point)));
      context.stroke();
    };
    const disc = (point, radius, colour) => {
      context.beginPath();
      context.arc(...at(point), radius * scale, 0, 2 * Math.PI);
      context.fillStyle = css(colour);
      context.fill();
    };
    context.lineJoin = context.lineCap = "round";
    context.strokeStyle = css(theme.paper);
    context.lineWidth = 4.5 * scale;
    line();
    context.strokeStyle = css(theme.ink);
    context.lineWidth = 1.6 * scale;
    line();
    if (path.length <= 65) path.forEach(point => disc(point, 2, theme.ink));
    for (const end of [path[0], path[path.length - 1]]) {
      disc(end, 5.5, theme.paper);
      disc(end, 4, theme.ink);
    }
    disc(path[0], 2.4, theme.paper);
    const [x, y] = path[0];
    disc(this.chosenNow(), 7, theme.paper);
    disc(this.chosenNow(), 5.2, theme.hues[hueOf(x, y, theme.hues.length)]);
  }
}

/** A coordinate with the decimals that suit the model's box. */
function decimals(model, value) {
  return value.toFixed(Math.max(0, Math.min(12, 3 - Math.floor(Math.log10(model.box.side))))).replace("-", "\u2212");
}

const views = models.map(model => new View(model));

function restart() {
  views.forEach(view => view.restart());
  showNumbers();
}

/** Chooses the point nearest to a click, in all tiles. */
function choose(view, event) {
  const box = view.over.getBoundingClientRect(), inside = 1 - 2 * MARGIN;
  const toX = x => box.left + (MARGIN + inside * x) * box.width, toY = y => box.top + (1 - MARGIN - inside * y) * box.height;
  const positions = view.points.positions(Math.min(state.progress, view.points.computed()));
  let nearest = TRAJECTORY_REACH ** 2;
  state.chosen = -1;
  for (let n = 0; n < positions.length / 2; n++) {
    const square = (toX(positions[2 * n]) - event.clientX) ** 2 + (toY(positions[2 * n + 1]) - event.clientY) ** 2;
    if (square < nearest) [nearest, state.chosen] = [square, n];
  }
  views.forEach(each => each.trace());
  showNumbers();
}

/** Shows the numbers of the chosen point's trajectories: of several, those that differ, a row for each. */
function showNumbers() {
  byId("card").hidden = state.chosen < 0;
  byId("hint").hidden = state.chosen >= 0;
  if (state.chosen < 0) return;
  const of = view => {
    const {path, length, logDensity} = view.trajectory, model = view.model;
    const coordinates = ([x, y]) => model.toPlane(x, y).map(value => decimals(model, value)).join(", ");
    return {start: coordinates(path[0]), now: coordinates(view.chosenNow()), end: coordinates(path[path.length - 1]),
      length: decimals(model, length * model.box.side),
      logDensity: Number.isNaN(logDensity) ? "unknown" : logDensity.toFixed(3).replace("-", "\u2212")};
  };
  const place = state.reverse ? "start" : "end", first = of(views[0]);
  if (models.length === 1) {
    byId("numbers").replaceChildren(tableOf([["start", first.start], ["now", first.now], ["end", first.end],
      ["length", first.length], [`log-density at ${place}`, first.logDensity]]));
  } else {
    const rows = views.map(view => [view.letter, of(view).end, of(view).length, of(view).logDensity]);
    byId("numbers").replaceChildren(element("p", `Start ${first.start}`),
      tableOf([["", "end", "length", "log-density"], ...rows]));
  }
}

/** A table of texts by rows, whose first column are headings. */
function tableOf(rows) {
  const table = element("table");
  for (const [heading, ...values] of rows) {
    const row = element("tr");
    row.append(element("th", heading), ...values.map(value => element("td", value)));
    table.append(row);
  }
  return table;
}

// ---- playback ----------------------------------------------------------------------------------------------------------------

function advance(seconds) {
  const computed = Math.min(...views.map(view => view.points.computed()));
  if (!state.playing) return;
  if (state.rest > 0) {
    state.rest -= seconds;
    return;
  }
  if (state.progress >= 1) state.playback = -1;
  if (state.progress <= 0) state.playback = 1;
  const end = Math.min(1, Math.max(computed, state.progress));
  state.progress = Math.max(0, Math.min(end, state.progress + state.playback * state.speed * seconds / PASS_SECONDS));
  if (state.progress <= 0 || state.progress >= 1) state.rest = REST_SECONDS;
}

function moveTo(progress) {
  state.progress = Math.max(0, Math.min(1, progress));
  state.rest = REST_SECONDS;
}

/** The progress at which each step begins, and 1. */
function stepTimes() {
  return Array.from(alphasOf(state.steps, state.reverse), alpha => state.reverse ? 1 - alpha : alpha);
}

/** Moves to the step before or after the progress, and pauses. */
function moveByStep(direction) {
  const times = stepTimes();
  const isBeyond = time => direction > 0 ? time > state.progress + 1e-6 : time < state.progress - 1e-6;
  const next = direction > 0 ? times.find(isBeyond) : times.reverse().find(isBeyond);
  setPlaying(false);
  if (next !== undefined) moveTo(next);
  state.playback = direction;
}

let before = 0;
let theme = null;
let shownStatus = 0;

function frame(now) {
  requestAnimationFrame(frame);
  const seconds = Math.min(0.1, (now - before) / 1000);
  before = now;
  const hasGrid = byId("grid").checked;
  views.forEach(view => view.renderer.work(hasGrid && view.grid ? [view.points, view.grid] : [view.points], now, views.length));
  advance(seconds);
  views.forEach(view => view.draw(theme));
  const alpha = state.reverse ? 1 - state.progress : state.progress;
  if (document.activeElement !== byId("alpha") || state.playing) byId("alpha").value = alpha;
  byId("alpha-value").textContent = alpha.toFixed(2);
  if (now - shownStatus > 200) {
    shownStatus = now;
    showStatus();
    if (state.chosen >= 0) showNumbers();
  }
}

function showStatus() {
  const computed = Math.min(...views.map(view => view.points.computed()));
  const {name, mostPoints} = views[0].renderer, reason = views[0].reason;
  const work = computed < 1 ? `Computing: ${Math.round(100 * computed)} % of the steps.` : "";
  const by = name === "WebGL 2" ? "" : `Without WebGL 2 (${reason}): JavaScript moves at most ${grouped(mostPoints)} points.`;
  const text = [work, by].filter(each => each).join(" ");
  if (byId("status").textContent !== text) byId("status").textContent = text;
}

// ---- controls ----------------------------------------------------------------------------------------------------------------

function setPlaying(playing) {
  state.playing = playing;
  byId("play").setAttribute("aria-pressed", playing);
}

function setCount(exponent) {
  const most = Math.min(...views.map(view => Math.log2(view.renderer.mostPoints)));
  const chosen = Math.max(8, Math.min(most, exponent));
  byId("count").max = most;
  byId("count").value = chosen;
  byId("count-value").textContent = grouped(2 ** chosen);
  if (state.count === 2 ** chosen) return;
  state.count = 2 ** chosen;
  if (state.chosen >= state.count) state.chosen = -1;
  restart();
}

function setReverse(reverse) {
  state.reverse = reverse;
  byId(reverse ? "backwards" : "forwards").checked = true;
  state.chosen = -1;
  moveTo(0);
  state.playback = 1;
  restart();
}

function setTheme(name) {
  state.theme = name;
  document.documentElement.dataset.theme = name;
  theme = themeOf(name);
}

function bindControls() {
  byId("play").addEventListener("click", () => setPlaying(!state.playing));
  byId("back").addEventListener("click", () => moveByStep(-1));
  byId("forward").addEventListener("click", () => moveByStep(1));
  byId("alpha").addEventListener("input", () => {
    const alpha = Number(byId("alpha").value);
    setPlaying(false);
    moveTo(state.reverse ? 1 - alpha : alpha);
  });
  byId("count").addEventListener("input", () => byId("count-value").textContent = grouped(2 ** byId("count").value));
  byId("count").addEventListener("change", () => setCount(Number(byId("count").value)));
  byId("speed").addEventListener("input", () => {
    state.speed = 2 ** Number(byId("speed").value);
    byId("speed-value").textContent = state.speed.toFixed(state.speed < 1 ? 2 : 1) + "\u00d7";
  });
  byId("speed").dispatchEvent(new Event("input"));
  byId("forwards").addEventListener("change", () => setReverse(false));
  byId("backwards").addEventListener("change", () => setReverse(true));
  const counts = [...new Set([1, 2, 4, 8, 16, 32, 64, 128, 256, data.steps])].sort((a, b) => a - b);
  byId("steps").append(...counts.map(count => new Option(count, count)));
  for (const id of ["solver", "steps", "schedule"]) {
    byId(id).value = state.steps[id];
    byId(id).addEventListener("change", () => {
      state.steps = {solver: byId("solver").value, schedule: byId("schedule").value, steps: Number(byId("steps").value)};
      restart();
    });
  }
  byId("grid").addEventListener("change", () => views.forEach(view => view.updateGrid()));
  byId("fresh").addEventListener("click", renew);
  byId("deselect").addEventListener("click", deselect);
  byId("theme").addEventListener("click", () => setTheme(state.theme === "dark" ? "light" : "dark"));
  byId("keys").addEventListener("click", () => byId("help").showModal());
  byId("key-list").append(...KEYS.flatMap(([key, does]) => [element("dt", key), element("dd", does)]));
  byId("controls").addEventListener("submit", event => event.preventDefault());
  document.addEventListener("keydown", onKey);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  setTheme(dark.matches ? "dark" : "light");
  dark.addEventListener("change", () => setTheme(dark.matches ? "dark" : "light"));
}

function renew() {
  state.seed++;
  state.chosen = -1;
  restart();
}

function deselect() {
  state.chosen = -1;
  views.forEach(view => view.trace());
  showNumbers();
}

function onKey(event) {
  const {target, key} = event;
  const isControl = target.matches("input, select, button, summary, a");
  if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open || target.matches("select")) return;
  if (isControl && (key === " " || key.startsWith("Arrow"))) return;
  const exponent = Math.log2(state.count);
  const actions = {" ": () => setPlaying(!state.playing), ArrowLeft: () => moveByStep(-1), ArrowRight: () => moveByStep(1),
    r: renew, b: () => setReverse(!state.reverse), "+": () => setCount(exponent + 1), "=": () => setCount(exponent + 1),
    "-": () => setCount(exponent - 1), l: () => byId("theme").click(), h: () => byId("keys").click(), Escape: deselect};
  for (const [id, letter] of Object.entries(SWITCHES)) actions[letter] = () => byId(id).click();
  const action = actions[key.length === 1 ? key.toLowerCase() : key];
  if (!action) return;
  event.preventDefault();
  action();
}

// ---- what there is to read ---------------------------------------------------------------------------------------------------

function showFacts() {
  const {steps, solver} = data, single = models.length === 1;
  const names = {euler: "Euler", midpoint: "midpoint", rk4: "RK4"};
  byId("title").textContent = data.title;
  const stepsText = `${grouped(steps)} ${names[solver]} step${steps === 1 ? "" : "s"}`;
  const weights = grouped(models[0].data.network.weights);
  const isSame = models.every(({data: {names, box}}) => names[0] === models[0].data.names[0] && box.side === models[0].box.side);
  byId("subtitle").textContent = single ? `A learned map: ${stepsText} through a network of ${weights} weights`
    : `${models.length} learned maps side by side, ${stepsText} each, from the same ${isSame ? "start points" : "random numbers"}`;
  const same = models.every(model => model.data.names.join("\n") === models[0].data.names.join("\n"));
  if (same) {
    byId("forwards-name").textContent = "to " + models[0].data.names[1];
    byId("backwards-name").textContent = "to " + models[0].data.names[0];
  }
  for (const view of views) {
    const block = element("section");
    if (!single) block.append(element("h3", `${view.letter} ${view.model.data.names.join(" \u2192 ")}`));
    block.append(tableOf(view.model.data.facts));
    byId("facts").append(block);
  }
  byId("tiles").append(...views.map(view => view.figure));
  byId("tiles").style.setProperty("--columns", models.length > 1 ? 2 : 1);
  const aspect = Math.min(...views.map(view => view.aspect));
  document.documentElement.style.setProperty("--shape", models.length === 2 ? 2 * aspect : aspect);
  document.documentElement.style.setProperty("--captions", single ? "0rem" : `${3 * Math.ceil(models.length / 2)}rem`);
  byId("tiles").classList.toggle("tiles-many", !single);
}

// ---- for programs ------------------------------------------------------------------------------------------------------------

/** The model and the steps that a caller chose, by default those of the file. */
function chosenBy({model = 0, solver = data.solver, schedule = data.schedule, steps = data.steps} = {}) {
  if (!models[model]) throw new Error(`model ${model} is not from 0 to ${models.length - 1}`);
  if (!SOLVERS[solver]) throw new Error(`solver ${solver} is not one of ${Object.keys(SOLVERS).join(", ")}`);
  if (!SCHEDULES[schedule]) throw new Error(`schedule ${schedule} is not one of ${Object.keys(SCHEDULES).join(", ")}`);
  if (!Number.isInteger(steps) || steps < 1) throw new Error("steps must be 1 or more");
  return {model: models[model], steps: {solver, schedule, steps}};
}

window.iadb = Object.freeze({
  /** The images [N, 2] of points [N, 2] under the map. */
  map(points, options) {
    const {model, steps} = chosenBy(options);
    return model.forEach(points, steps, (stepper, point, alphas) => stepper.run(point, alphas, false)).moved;
  },
  /** The points [N, 2] that the map moves to these; NaN where there is none. */
  inverse(points, options) {
    const {model, steps} = chosenBy(options);
    return model.forEach(points, steps, (stepper, point, alphas) => stepper.invert(point, alphas)).moved;
  },
  /** The logarithm of the density of mapped points at these, [N], per unit of area; NaN where the map has no inverse. */
  logDensity(points, options) {
    const {model, steps} = chosenBy(options);
    return model.forEach(points, steps, (stepper, point, alphas) => {
      const logDet = stepper.invert(point, alphas);
      return Number.isNaN(logDet) ? NaN : model.logStart(point[0], point[1]) - logDet;
    }).values;
  },
  /** What a tile shows now: where its points started and where they are, [N, 2], and alpha. */
  shown(tile = 0) {
    const {points, model, starts, renderer} = views[tile], progress = Math.min(state.progress, points.computed());
    const toPlane = unit => unit.map((value, i) => (i % 2 === 0 ? model.box.x0 : model.box.y0) + model.box.side * value);
    return {renderer: renderer.name, isComplete: points.isComplete(), alpha: state.reverse ? 1 - progress : progress,
      starts: toPlane(starts), points: toPlane(points.positions(progress))};
  }
});

bindControls();
showFacts();
setPlaying(state.playing);
setCount(views[0].renderer.startExponent());
requestAnimationFrame(frame);
