// What both renderers share, and the one without WebGL: the network in JavaScript, and drawing on a 2D canvas.

const MOST_FRAMES = 129;
const MOST_TRAILS = 16384; // points with a trail
const TRAIL = 0.16; // length of a trail, of the whole pass
const TRAIL_PARTS = 12;
const ARROW_REACH = 0.05; // length of an arrow for |D| = 1, in the unit square
const GRID_LINES = 21; // in each direction

/** Points along the integrated field: the frames that are kept, and the step that comes next. */
class Flow {
  constructor(steps, reverse, mostFrames) {
    this.steps = steps;
    this.alphas = alphasOf(steps, reverse);
    this.step = 0;
    this.stride = Math.ceil(steps.steps / (Math.min(mostFrames, MOST_FRAMES) - 1));
    this.times = [0]; // of the frames: progress is alpha, or in reverse 1 - alpha
    this.timeOf = t => reverse ? 1 - this.alphas[t] : this.alphas[t];
  }

  isComplete() { return this.step === this.steps.steps; }

  /** Counts a step; returns whether the positions after it are a frame. */
  endStep() {
    this.step++;
    const isFrame = this.step % this.stride === 0 || this.isComplete();
    if (isFrame) this.times.push(this.isComplete() ? 1 : this.timeOf(this.step));
    return isFrame;
  }

  /** The computed part of the pass, 0 to 1. */
  computed() { return this.times[this.times.length - 1]; }

  /** The frame before a progress, and how far it is on the way to the next one. */
  locate(progress) {
    const {times} = this;
    let index = 0;
    while (index + 2 < times.length && times[index + 1] <= progress) index++;
    if (times.length < 2) return {index: 0, blend: 0};
    return {index, blend: Math.max(0, Math.min(1, (progress - times[index]) / (times[index + 1] - times[index])))};
  }
}

/** The parts of the trails behind the points, each between two frames, with both ends' blends and the opacity's share. */
function trailParts(flow, progress, direction) {
  const parts = [];
  const end = Math.min(progress, flow.computed());
  for (let i = 0; i < TRAIL_PARTS; i++) {
    let near = end - direction * TRAIL * i / TRAIL_PARTS, far = end - direction * TRAIL * (i + 1) / TRAIL_PARTS;
    [near, far] = [near, far].map(time => Math.max(0, Math.min(flow.computed(), time)));
    for (let low = Math.min(near, far), high = Math.max(near, far); low < high;) {
      const {index} = flow.locate(low), begin = flow.times[index], next = flow.times[index + 1];
      if (next === undefined) break;
      const until = Math.min(high, next > low ? next : high);
      parts.push({index, blends: [low, until].map(time => (time - begin) / (next - begin)), share: 1 - i / TRAIL_PARTS});
      low = until;
    }
  }
  return parts;
}

/** Diameter in pixels and opacity of points that suit their number; side is that of the square in pixels. */
function discs(count, side, scale) {
  const spacing = side / Math.sqrt(count);
  const diameter = Math.max(1.3 * scale, Math.min(6.5 * scale, 0.5 * spacing));
  const overlap = Math.PI / 4 * (diameter / spacing) ** 2;
  return {diameter, opacity: Math.max(0.1, Math.min(0.92, 0.5 / overlap))};
}

/** The points of the undeformed grid: horizontal lines, then vertical ones. */
function gridStarts(lines, linePoints) {
  const starts = [];
  for (let direction = 0; direction < 2; direction++) {
    for (let line = 0; line < lines; line++) {
      for (let point = 0; point < linePoints; point++) {
        const across = line / (lines - 1), along = point / (linePoints - 1);
        starts.push(direction === 0 ? along : across, direction === 0 ? across : along);
      }
    }
  }
  return Float32Array.from(starts);
}

function arrowTails(side) {
  const tails = [];
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) tails.push((column + 0.5) / side, (row + 0.5) / side);
  }
  return Float32Array.from(tails);
}

/** The hue of a start point, by its angle around the centre. */
function hueOf(x, y, hues) {
  const turns = Math.atan2(y - 0.5, x - 0.5) / (2 * Math.PI);
  return (Math.floor(turns * hues + 0.5) % hues + hues) % hues;
}

/** Points moved by JavaScript. */
class PlainFlow extends Flow {
  constructor(renderer, starts, steps, reverse) {
    super(steps, reverse, MOST_FRAMES);
    this.stepper = new Stepper(renderer.model.network, steps.solver);
    this.count = starts.length / 2;
    this.frames = [starts];
    this.now = starts.slice();
    this.done = 0; // points of the step under way
  }

  /** Does steps until a time. */
  advanceUntil(deadline) {
    while (!this.isComplete()) {
      const alpha = this.alphas[this.step], h = this.alphas[this.step + 1] - alpha;
      for (; this.done < this.count; this.done++) {
        if (this.done % 32 === 0 && performance.now() > deadline) return;
        const i = 2 * this.done, mean = this.stepper.step(1, this.now[i], this.now[i + 1], alpha, h);
        this.now[i] += h * mean[0];
        this.now[i + 1] += h * mean[1];
      }
      this.done = 0;
      if (this.endStep()) this.frames.push(this.now.slice());
    }
  }

  positions(progress) {
    const {index, blend} = this.locate(progress), from = this.frames[index];
    const to = this.frames[Math.min(index + 1, this.frames.length - 1)];
    return from.map((x, i) => x + blend * (to[i] - x));
  }

  close() { }
}

/** Draws a model's points on a 2D canvas. */
class PlainRenderer {
  constructor(canvas, model) {
    Object.assign(this, {canvas, model, context: canvas.getContext("2d", {alpha: false}), mostPoints: 1 << 14, linePoints: 26,
      name: "JavaScript"});
    this.arrows = arrowTails(14);
    this.pictures = [new Map(), new Map()]; // by colour
    this.sprites = new Map();
  }

  startExponent() { return 11; }

  flow(starts, steps, reverse) { return new PlainFlow(this, starts, steps, reverse); }

  work(flows, now, share) {
    const flow = flows.find(each => !each.isComplete());
    if (flow) flow.advanceUntil(performance.now() + 14 / share);
  }

  /** The target density as a canvas in a colour. */
  picture(side, colour) {
    const picture = this.model.pictures[side];
    if (!picture) return null;
    if (!this.pictures[side].has(colour)) {
      const canvas = document.createElement("canvas"), rgb = bytesOf(colour);
      canvas.width = picture.width;
      canvas.height = picture.height;
      const context = canvas.getContext("2d"), image = context.createImageData(canvas.width, canvas.height);
      picture.levels.forEach((level, i) => image.data.set([...rgb, level], 4 * i));
      context.putImageData(image, 0, 0);
      this.pictures[side].set(colour, canvas);
    }
    return this.pictures[side].get(colour);
  }

  /** A disc as a canvas, which is drawn faster than a path. */
  sprite(colour, diameter) {
    const key = colour + " " + diameter;
    if (!this.sprites.has(key)) {
      if (this.sprites.size > 200) this.sprites.clear();
      const canvas = document.createElement("canvas"), context = canvas.getContext("2d");
      canvas.width = canvas.height = Math.ceil(diameter) + 2;
      context.fillStyle = css(colour);
      context.beginPath();
      context.arc(canvas.width / 2, canvas.width / 2, diameter / 2, 0, 2 * Math.PI);
      context.fill();
      this.sprites.set(key, canvas);
    }
    return this.sprites.get(key);
  }

  draw(scene) {
    const {context, canvas} = this, {points, grid, progress, theme, view, scale} = scene;
    const toX = x => (x * view[0] + view[2] + 1) / 2 * canvas.width, toY = y => (1 - y * view[1] - view[3]) / 2 * canvas.height;
    context.globalAlpha = 1;
    context.fillStyle = css(theme.paper);
    context.fillRect(0, 0, canvas.width, canvas.height);
    const picture = scene.density && this.picture(scene.target, theme.ink);
    if (picture) {
      context.globalAlpha = theme.density;
      context.drawImage(picture, toX(0), toY(1), toX(1) - toX(0), toY(0) - toY(1));
    }
    context.lineCap = "butt";
    if (scene.trails) this.drawTrails(scene, toX, toY);
    if (grid && grid.frames.length > 1) {
      const positions = grid.positions(progress);
      context.globalAlpha = 0.45;
      context.strokeStyle = css(theme.ink);
      context.lineWidth = scale;
      context.beginPath();
      for (let n = 0; n < grid.count; n++) {
        const isFirst = n % this.linePoints === 0;
        context[isFirst ? "moveTo" : "lineTo"](toX(positions[2 * n]), toY(positions[2 * n + 1]));
      }
      context.stroke();
    }
    const {diameter, opacity} = discs(points.count, scene.side, scale);
    const positions = points.positions(progress), starts = points.frames[0];
    context.globalAlpha = opacity;
    for (let i = 0; i < positions.length; i += 2) {
      const colour = scene.colour ? theme.hues[hueOf(starts[i], starts[i + 1], theme.hues.length)] : theme.ink;
      const sprite = this.sprite(colour, diameter);
      context.drawImage(sprite, toX(positions[i]) - sprite.width / 2, toY(positions[i + 1]) - sprite.height / 2);
    }
    if (scene.arrows) this.drawArrows(scene, toX, toY);
  }

  drawTrails({points, progress, trailDirection, theme, colour, side, scale}, toX, toY) {
    const {context} = this, starts = points.frames[0], hues = theme.hues.length, {opacity} = discs(points.count, side, scale);
    context.lineWidth = 1.5 * scale;
    for (const {index, blends, share} of trailParts(points, progress, trailDirection)) {
      const from = points.frames[index], to = points.frames[index + 1];
      context.globalAlpha = 0.8 * opacity * share;
      for (let hue = 0; hue < (colour ? hues : 1); hue++) {
        context.strokeStyle = css(colour ? theme.hues[hue] : theme.ink);
        context.beginPath();
        for (let i = 0; i < from.length; i += 2) {
          if (colour && hueOf(starts[i], starts[i + 1], hues) !== hue) continue;
          const [dx, dy] = [to[i] - from[i], to[i + 1] - from[i + 1]];
          context.moveTo(toX(from[i] + blends[0] * dx), toY(from[i + 1] + blends[0] * dy));
          context.lineTo(toX(from[i] + blends[1] * dx), toY(from[i + 1] + blends[1] * dy));
        }
        context.stroke();
      }
    }
  }

  drawArrows({alpha, theme, scale}, toX, toY) {
    const {context, arrows} = this;
    context.globalAlpha = 0.65;
    context.strokeStyle = css(theme.ink);
    context.lineWidth = 1.2 * scale;
    context.beginPath();
    for (let i = 0; i < arrows.length; i += 2) {
      const x = arrows[i], y = arrows[i + 1], [dx, dy] = this.model.network.evaluate(1, [x, y], alpha).map(v => ARROW_REACH * v);
      const [backX, backY, sideX, sideY] = [0.65 * dx, 0.65 * dy, -0.2 * dy, 0.2 * dx];
      for (const [px, py] of [[0, 0], [backX + sideX, backY + sideY], [backX - sideX, backY - sideY]]) {
        context.moveTo(toX(x + px), toY(y + py));
        context.lineTo(toX(x + dx), toY(y + dy));
      }
    }
    context.stroke();
  }
}

function bytesOf(colour) { return colour.map(channel => Math.round(255 * channel)); }

function css(colour) { return `rgb(${bytesOf(colour).join(" ")})`; }
