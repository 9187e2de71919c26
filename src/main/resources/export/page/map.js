// The maths of the page, in double precision: the network, the steps of the map, their inverse, and log-densities. Points of this
// part are in the unit square; the functions of window.iadb convert them.

const SOLVERS = {
  euler: {nodes: [0], shares: [1]},
  midpoint: {nodes: [0, 0.5], shares: [0, 1]},
  rk4: {nodes: [0, 0.5, 0.5, 1], shares: [1 / 6, 1 / 3, 1 / 3, 1 / 6]}
};
const SCHEDULES = {
  linear: u => u,
  cosine: u => 1 - Math.cos(Math.PI / 2 * u)
};
const TRIALS = 24; // of Newton's method in a step of the inverse
const FAR = 50; // exponents below that of the nearest point which add less than 1e-16 of a kernel estimate

/** The values of alpha between which the steps lie, [steps + 1]. */
function alphasOf({schedule, steps}, reverse) {
  return Float32Array.from({length: steps + 1}, (_, t) => SCHEDULES[schedule]((reverse ? steps - t : t) / steps));
}

/** The bytes of a zlib stream (RFC 1950 and 1951) that is known to be valid. */
function inflate(bytes, length) {
  const out = new Uint8Array(length);
  const bases = (first, count, extra) => {
    const table = [];
    for (let i = 0, base = first; i < count; i++) {
      const bits = extra(i);
      table.push([base, bits]);
      base += 1 << bits;
    }
    return table;
  };
  const lengths = bases(3, 28, i => i < 8 ? 0 : (i >> 2) - 1).concat([[258, 0]]);
  const distances = bases(1, 30, i => i < 4 ? 0 : (i >> 1) - 1);
  let at = 2, bit = 0, size = 0;
  const read = count => {
    let value = 0;
    for (let i = 0; i < count; i++) {
      value |= (bytes[at] >> bit & 1) << i;
      if (++bit === 8) { bit = 0; at++; }
    }
    return value;
  };
  const tree = widths => { // of a canonical Huffman code: how many codes have each width, and their symbols in order
    const counts = new Array(16).fill(0);
    widths.forEach(width => counts[width]++);
    counts[0] = 0;
    const symbols = [];
    for (let width = 1; width < 16; width++) widths.forEach((w, symbol) => { if (w === width) symbols.push(symbol); });
    return {counts, symbols};
  };
  const symbol = ({counts, symbols}) => {
    for (let width = 1, code = 0, first = 0, index = 0; ; width++) {
      code |= read(1);
      if (code - first < counts[width]) return symbols[index + code - first];
      index += counts[width];
      first = first + counts[width] << 1;
      code <<= 1;
    }
  };
  for (let last = 0; !last;) {
    last = read(1);
    const type = read(2);
    if (type === 0) {
      if (bit > 0) { bit = 0; at++; }
      const count = bytes[at] | bytes[at + 1] << 8;
      out.set(bytes.subarray(at + 4, at + 4 + count), size);
      at += 4 + count;
      size += count;
      continue;
    }
    let literals, offsets;
    if (type === 1) {
      literals = tree(Array.from({length: 288}, (_, i) => i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8));
      offsets = tree(new Array(30).fill(5));
    } else {
      const order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
      const literalCount = read(5) + 257, count = literalCount + read(5) + 1;
      const widths = new Array(19).fill(0);
      for (let i = 0, n = read(4) + 4; i < n; i++) widths[order[i]] = read(3);
      const code = tree(widths), all = [];
      while (all.length < count) {
        const next = symbol(code);
        if (next < 16) { all.push(next); continue; }
        const value = next === 16 ? all[all.length - 1] : 0;
        for (let i = next === 16 ? read(2) + 3 : next === 17 ? read(3) + 3 : read(7) + 11; i > 0; i--) all.push(value);
      }
      literals = tree(all.slice(0, literalCount));
      offsets = tree(all.slice(literalCount));
    }
    for (let next; (next = symbol(literals)) !== 256;) {
      if (next < 256) { out[size++] = next; continue; }
      const [base, extra] = lengths[next - 257];
      const count = base + read(extra), [offset, more] = distances[symbol(offsets)];
      const back = offset + read(more);
      for (let i = 0; i < count; i++, size++) out[size] = out[size - back];
    }
  }
  return out;
}

function decode(base64) {
  return Uint8Array.from(atob(base64), c => c.charCodeAt(0));
}

/** The levels of a picture, [height][width], the first row at y = 1; each was stored as the difference from the one before. */
function pictureOf({width, height, bits, data}) {
  const bytes = inflate(decode(data), width * height * bits / 8);
  const levels = bits === 8 ? bytes : new Uint16Array(bytes.buffer);
  for (let i = 1; i < levels.length; i++) levels[i] += levels[i - 1];
  return {width, height, levels};
}

/** Random numbers in [0, 1) of 24 bits: xorshift with 128 bits of state (Marsaglia 2003). */
function generator(seed) {
  let x = 1 + seed, y = 362436069, z = 521288629, w = 88675123;
  const next = () => {
    const t = x ^ x << 11;
    x = y;
    y = z;
    z = w;
    w = w ^ w >>> 19 ^ t ^ t >>> 8;
    return (w >>> 8) / (1 << 24);
  };
  for (let i = 0; i < 32; i++) next(); // similar seeds then give different numbers
  return next;
}

/** The density gaussian: the normal distribution around the centre of the square, within the square. */
class Gaussian {
  constructor({logAtCentre, slope}) {
    this.logAtCentre = logAtCentre;
    this.slope = slope;
  }

  logAt(x, y) { return this.logAtCentre - this.slope * ((x - 0.5) ** 2 + (y - 0.5) ** 2); }

  draw(random, point) {
    do {
      const radius = Math.sqrt(-Math.log(1 - random()) / this.slope), angle = 2 * Math.PI * random(); // Box and Muller 1958
      point[0] = 0.5 + radius * Math.cos(angle);
      point[1] = 0.5 + radius * Math.sin(angle);
    } while (!(point[0] >= 0 && point[0] < 1 && point[1] >= 0 && point[1] < 1));
  }
}

/** A density that is constant on each pixel. */
class PictureDensity {
  constructor({width, height, levels}) {
    Object.assign(this, {width, height, levels});
    this.sums = new Float64Array(levels.length);
    this.total = 0;
    for (let i = 0; i < levels.length; i++) this.sums[i] = this.total += levels[i];
  }

  logAt(x, y) {
    if (!(x >= 0 && x < 1 && y >= 0 && y < 1)) return -Infinity;
    const pixel = (this.height - 1 - Math.floor(y * this.height)) * this.width + Math.floor(x * this.width);
    return Math.log(this.levels[pixel] * this.levels.length / this.total);
  }

  draw(random, point) {
    const wanted = (random() + random() / (1 << 24)) * this.total;
    let low = 0, high = this.sums.length - 1;
    while (low < high) {
      const middle = low + high >> 1;
      if (this.sums[middle] > wanted) high = middle; else low = middle + 1;
    }
    point[0] = (low % this.width + random()) / this.width;
    point[1] = 1 - (Math.floor(low / this.width) + 1 - random()) / this.height;
  }
}

/** Points that are drawn with replacement, with normal noise; their log-density is that of the mean of Gaussians around them. */
class PointDensity {
  constructor({points, noise, bandwidth}) {
    Object.assign(this, {points, noise, bandwidth});
  }

  logAt(x, y) {
    const points = this.points, square = this.bandwidth ** 2;
    let nearest = Infinity;
    for (let i = 0; i < points.length; i += 2) nearest = Math.min(nearest, (points[i] - x) ** 2 + (points[i + 1] - y) ** 2);
    let sum = 0;
    const within = nearest + 2 * FAR * square;
    for (let i = 0; i < points.length; i += 2) {
      const distance = (points[i] - x) ** 2 + (points[i + 1] - y) ** 2;
      if (distance <= within) sum += Math.exp((nearest - distance) / (2 * square));
    }
    return Math.log(sum / (points.length * Math.PI * square)) - nearest / (2 * square);
  }

  draw(random, point) {
    const row = Math.floor(random() * this.points.length / 2);
    const radius = this.noise * Math.sqrt(-2 * Math.log(1 - random())), angle = 2 * Math.PI * random();
    point[0] = this.points[2 * row] + radius * Math.cos(angle);
    point[1] = this.points[2 * row + 1] + radius * Math.sin(angle);
  }
}

/** The square, for a density that the model does not contain. */
const UNIFORM = {
  draw(random, point) { point[0] = random(); point[1] = random(); }
};

/** The density of one side of a model; null if the model does not contain it. */
function densityOf(data, picture) {
  if (!data) return null;
  if (data.kind === "gaussian") return new Gaussian(data);
  if (data.kind === "points") {
    const bytes = inflate(decode(data.points), data.count * 8);
    return new PointDensity({points: new Float32Array(bytes.buffer), noise: data.noise, bandwidth: data.bandwidth});
  }
  return new PictureDensity(data.levels ? pictureOf(data.levels) : picture);
}

/** The network, whose parameters stand as in a model in memory: the first layer's inputs are x, y, alpha, 1 and the features. */
class Network {
  constructor({width, depth, features}, parameters) {
    Object.assign(this, {width, depth, features, parameters});
    this.inputs = 4 + 2 * features;
    this.directions = parameters.length - 8 * features; // [4][2 features]: x, y, alpha and phase
    const widest = Math.max(width, this.inputs);
    this.rows = Array.from({length: 3}, () => new Float64Array(widest));
    this.next = Array.from({length: 3}, () => new Float64Array(widest));
    this.result = new Float64Array(6); // the velocity, then its derivatives along the tangents
  }

  /** Returns the velocity at (at[0], at[1]); with 3 rows also its derivatives along (at[2], at[3]) and (at[4], at[5]). */
  evaluate(rows, at, alpha) {
    const {width, depth, features, inputs, parameters, result} = this;
    let now = this.rows, next = this.next;
    for (let r = 0; r < rows; r++) {
      now[r][0] = at[2 * r];
      now[r][1] = at[2 * r + 1];
      now[r][2] = r === 0 ? alpha : 0;
      now[r][3] = r === 0 ? 1 : 0;
    }
    for (let e = 0, d = this.directions; e < 2 * features; e++, d++) {
      const bx = parameters[d], by = parameters[d + 2 * features];
      const turns = bx * at[0] + by * at[1] + parameters[d + 4 * features] * alpha + parameters[d + 6 * features];
      now[0][4 + e] = Math.cos(2 * Math.PI * turns);
      if (rows === 1) continue;
      const slope = -2 * Math.PI * Math.sin(2 * Math.PI * turns);
      now[1][4 + e] = slope * (bx * at[2] + by * at[3]);
      now[2][4 + e] = slope * (bx * at[4] + by * at[5]);
    }
    let offset = 0;
    for (let l = 0; l < depth; l++) {
      const count = l === 0 ? inputs : width;
      for (let r = 0; r < rows; r++) {
        const from = now[r], to = next[r];
        for (let n = 0; n < width; n++) to[n] = r === 0 && l > 0 ? parameters[offset + count * width + n] : 0;
        for (let k = 0; k < count; k++) {
          const value = from[k], row = offset + k * width;
          if (value === 0) continue; // half of the outputs of ReLUs
          for (let n = 0; n < width; n++) to[n] += value * parameters[row + n];
        }
      }
      for (let r = rows - 1; r >= 0; r--) {
        for (let n = 0; n < width; n++) if (!(next[0][n] > 0)) next[r][n] = 0;
      }
      offset += count * width + (l > 0 ? width : 0);
      [now, next] = [next, now];
    }
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < 2; c++) {
        let sum = r === 0 ? parameters[offset + 2 * width + c] : 0;
        for (let n = 0; n < width; n++) sum += parameters[offset + c * width + n] * now[r][n];
        result[2 * r + c] = sum;
      }
    }
    return result;
  }
}

/** The steps of one solver along a network's field. */
class Stepper {
  constructor(network, solver) {
    this.network = network;
    Object.assign(this, SOLVERS[solver]);
    this.at = new Float64Array(6);
    this.slope = new Float64Array(6);
    this.mean = new Float64Array(6);
  }

  /** The displacement of a step over its length h; with 3 rows also the columns of (J - 1)/h. The array is used again. */
  step(rows, x, y, alpha, h) {
    const {nodes, shares, at, slope, mean, network} = this;
    mean.fill(0);
    slope.fill(0);
    for (let s = 0; s < nodes.length; s++) {
      const reach = nodes[s] * h;
      at[0] = x + reach * slope[0];
      at[1] = y + reach * slope[1];
      for (let i = 2; i < 6; i++) at[i] = (i === 2 || i === 5 ? 1 : 0) + reach * slope[i];
      slope.set(network.evaluate(rows, at, alpha + reach));
      for (let i = 0; i < 2 * rows; i++) mean[i] += shares[s] * slope[i];
    }
    return mean;
  }

  static detMinus1(h, mean) { return h * (mean[2] + mean[5] + h * (mean[2] * mean[5] - mean[3] * mean[4])); }

  static logAbs1Plus(e) { return e > -0.5 ? Math.log1p(e) : Math.log(Math.abs(1 + e)); }

  /** Moves a point along all steps; returns log |det J| of the map if it is wanted. visit sees each position. */
  run(point, alphas, wantsLogDet, visit) {
    let logDet = 0;
    for (let t = 0; t + 1 < alphas.length; t++) {
      const h = alphas[t + 1] - alphas[t];
      const mean = this.step(wantsLogDet ? 3 : 1, point[0], point[1], alphas[t], h);
      point[0] += h * mean[0];
      point[1] += h * mean[1];
      if (wantsLogDet) logDet += Stepper.logAbs1Plus(Stepper.detMinus1(h, mean));
      if (visit) visit(point, logDet);
    }
    return logDet;
  }

  /**
   * Moves a point back along all steps; returns log |det J| of the map. Each step is inverted by Newton's method from
   * end - h D(end); a correction that does not reduce the error is halved. Without an inverse the point and the result become NaN.
   */
  invert(point, alphas) {
    let logDet = 0;
    for (let t = alphas.length - 2; t >= 0; t--) {
      const [endX, endY] = point, alpha = alphas[t], h = alphas[t + 1] - alpha;
      const size = (x, y) => Math.max(1, Math.abs(x), Math.abs(y));
      this.at.set(point);
      const velocity = this.network.evaluate(1, this.at, alpha);
      let x = endX - h * velocity[0], y = endY - h * velocity[1];
      let nearX = x, nearY = y, byX = 0, byY = 0, miss = Infinity, detMinus1 = 0, open = true;
      for (let trial = 0; trial < TRIALS && open; trial++) {
        const mean = this.step(3, x, y, alpha, h);
        const offX = h * mean[0] + (x - endX), offY = h * mean[1] + (y - endY), error = offX * offX + offY * offY;
        if (error < miss) {
          [miss, nearX, nearY] = [error, x, y];
          detMinus1 = Stepper.detMinus1(h, mean);
          byX = ((1 + h * mean[5]) * offX - h * mean[4] * offY) / (1 + detMinus1);
          byY = ((1 + h * mean[2]) * offY - h * mean[3] * offX) / (1 + detMinus1);
          open = !(Math.max(Math.abs(byX), Math.abs(byY)) <= 1e-9 * size(nearX, nearY));
        } else {
          open = !(miss <= (1e-6 * size(endX, endY)) ** 2);
          byX *= open ? 0.5 : 0;
          byY *= open ? 0.5 : 0;
        }
        x = nearX - byX;
        y = nearY - byY;
      }
      point[0] = open ? NaN : x;
      point[1] = open ? NaN : y;
      if (Number.isNaN(point[0] + point[1])) return NaN;
      logDet += Stepper.logAbs1Plus(detMinus1);
    }
    return logDet;
  }
}

/** One of the page's models: a network, its densities, and the units of its points. */
class Model {
  constructor(data) {
    this.data = data;
    const bytes = decode(data.network.parameters);
    this.network = new Network(data.network, new Float32Array(bytes.buffer));
    this.pictures = [data.p0, data.p1].map(side => side ? pictureOf(side.picture) : null);
    this.densities = [data.p0, data.p1].map((side, i) => densityOf(side, this.pictures[i]));
    this.box = data.box;
    this.logArea = 2 * Math.log(data.box.side);
  }

  /** Start points of the map, or of its reverse, [count, 2]; the same seed gives the same points. */
  starts(count, seed, reverse) {
    const random = generator(seed), density = this.densities[reverse ? 1 : 0] || UNIFORM, point = [0, 0];
    const starts = new Float32Array(2 * count);
    for (let n = 0; n < count; n++) {
      density.draw(random, point);
      starts.set(point, 2 * n);
    }
    return starts;
  }

  toPlane(x, y) { return [this.box.x0 + this.box.side * x, this.box.y0 + this.box.side * y]; }

  /** log p0 at a point of the unit square, per unit of the plane's area. */
  logStart(x, y) {
    if (!this.densities[0]) throw new Error("the model does not contain p0, which a log-density needs");
    return this.densities[0].logAt(x, y) - this.logArea;
  }

  /** Applies work(stepper, point, alphas), which changes the point and returns a value, to points [N, 2] of the user's plane. */
  forEach(points, steps, work) {
    if (!points || points.length % 2 !== 0) throw new Error("points must be an array x0, y0, x1, y1, ...");
    const stepper = new Stepper(this.network, steps.solver), alphas = alphasOf(steps, false), {x0, y0, side} = this.box;
    const moved = new Float32Array(points.length), values = new Float32Array(points.length / 2), point = new Float64Array(2);
    for (let n = 0; n < values.length; n++) {
      point[0] = (points[2 * n] - x0) / side;
      point[1] = (points[2 * n + 1] - y0) / side;
      values[n] = work(stepper, point, alphas);
      moved.set(this.toPlane(point[0], point[1]), 2 * n);
    }
    return {moved, values};
  }
}
