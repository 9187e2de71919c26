// The page's points on the viewer's GPU by WebGL 2: the network moves them by transform feedback, with its weights in a texture
// of floats, and they are drawn from the same buffers.

const FEEDBACK_BYTES = 96 << 20; // for the frames of the points of a view
const WEIGHTS_WIDTH = 256; // texels in a row of the texture
const STEP_SHADER = `#version 300 es
// A step of two points, whose weights are read once. Loops end at uniforms, so that no compiler unrolls them.
precision highp float;
precision highp sampler2D;

layout(location = 0) in vec4 start; // x, y of two points
uniform sampler2D weights;          // [inputs][outputs] and bias of each layer, but [2][width] of the last; four in a texel
uniform float alpha;
uniform float h;
uniform int stages;
uniform vec4 nodes;
uniform vec4 shares;
uniform int inputVectors;   // of the first layer: (x, y, alpha, 1) and the features
uniform int widthVectors;
uniform int depth;
uniform int directions;     // texel of the directions, [4][2 F]
uniform int featureVectors; // 2 F / 4
out vec4 end;

vec4 a[MOST_VECTORS]; // activations of the first point
vec4 b[MOST_VECTORS];

vec4 texel(int i) { return texelFetch(weights, ivec2(i % WEIGHTS_WIDTH, i / WEIGHTS_WIDTH), 0); }

// cos(2 pi turns) to 1e-7, which the built-in function does not promise.
vec4 cosine(vec4 turns) {
  vec4 t = abs(turns - round(turns)); // 0 to 1/2
  vec4 u = 0.25 - t;                  // sin(2 pi u)
  vec4 s = u * u;
  return u * (6.283185307 + s * (-41.34170224 + s * (81.60524928 + s * (-76.70585975 + s * (42.05869394 + s * (-15.09464258
      + s * 3.81995258))))));
}

// D(x, alpha) of both points.
vec4 velocity(vec4 x, float at) {
  a[0] = vec4(x.xy, at, 1.0);
  b[0] = vec4(x.zw, at, 1.0);
  for (int f = 0; f < featureVectors; f++) {
    vec4 bx = texel(directions + f), by = texel(directions + featureVectors + f);
    vec4 rest = texel(directions + 2 * featureVectors + f) * at + texel(directions + 3 * featureVectors + f);
    a[1 + f] = cosine(bx * x.x + by * x.y + rest);
    b[1 + f] = cosine(bx * x.z + by * x.w + rest);
  }
  int offset = 0;
  for (int l = 0; l < depth; l++) {
    int count = l == 0 ? inputVectors : widthVectors;
    vec4 nextA[WIDTH_VECTORS], nextB[WIDTH_VECTORS];
    for (int n = 0; n < widthVectors; n += 4) {
      vec4 a0 = vec4(0.0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
      if (l > 0) {
        int bias = offset + 4 * count * widthVectors + n;
        a0 = b0 = texel(bias);
        a1 = b1 = texel(bias + 1);
        a2 = b2 = texel(bias + 2);
        a3 = b3 = texel(bias + 3);
      }
      for (int k = 0; k < count; k++) {
        vec4 fromA = a[k], fromB = b[k];
        int row = offset + 4 * k * widthVectors + n;
        for (int i = 0; i < 4; i++, row += widthVectors) {
          vec4 w0 = texel(row), w1 = texel(row + 1), w2 = texel(row + 2), w3 = texel(row + 3);
          float ka = fromA.x, kb = fromB.x;
          fromA = fromA.yzwx;
          fromB = fromB.yzwx;
          a0 += ka * w0; a1 += ka * w1; a2 += ka * w2; a3 += ka * w3;
          b0 += kb * w0; b1 += kb * w1; b2 += kb * w2; b3 += kb * w3;
        }
      }
      nextA[n] = max(a0, 0.0); nextA[n + 1] = max(a1, 0.0); nextA[n + 2] = max(a2, 0.0); nextA[n + 3] = max(a3, 0.0);
      nextB[n] = max(b0, 0.0); nextB[n + 1] = max(b1, 0.0); nextB[n + 2] = max(b2, 0.0); nextB[n + 3] = max(b3, 0.0);
    }
    for (int n = 0; n < widthVectors; n++) {
      a[n] = nextA[n];
      b[n] = nextB[n];
    }
    offset += 4 * count * widthVectors + (l > 0 ? widthVectors : 0);
  }
  vec4 sum = texel(offset + 2 * widthVectors).xyxy;
  for (int n = 0; n < widthVectors; n++) {
    vec4 wx = texel(offset + n), wy = texel(offset + widthVectors + n);
    sum += vec4(dot(wx, a[n]), dot(wy, a[n]), dot(wx, b[n]), dot(wy, b[n]));
  }
  return sum;
}

void main() {
  vec4 slope = vec4(0.0), mean = vec4(0.0);
  for (int s = 0; s < stages; s++) {
    slope = velocity(start + nodes[s] * h * slope, alpha + nodes[s] * h);
    mean += shares[s] * slope;
  }
  end = start + h * mean;
}`;

const NOTHING_SHADER = `#version 300 es
precision mediump float;
out vec4 fragment;
void main() { fragment = vec4(0.0); }`;

// The colour of a start point: one of the hues around the centre, or ink.
const HUE = `
uniform vec3 hues[HUES];
uniform vec4 ink; // its a: 1 if all points are of this colour
vec3 colourOf(vec2 start) {
  vec2 d = start - 0.5;
  float turns = d == vec2(0.0) ? 0.0 : atan(d.y, d.x) / 6.28318531;
  int hue = int(mod(floor(turns * float(HUES) + 0.5), float(HUES)));
  return mix(hues[hue], ink.rgb, ink.a);
}`;

const POINT_SHADER = `#version 300 es
precision highp float;
layout(location = 0) in vec2 begin;
layout(location = 1) in vec2 from;
layout(location = 2) in vec2 to;
uniform float blend;
uniform vec4 view; // clip = position * view.xy + view.zw
uniform float diameter;
flat out vec3 colour;${HUE}
void main() {
  gl_Position = vec4(mix(from, to, blend) * view.xy + view.zw, 0.0, 1.0);
  gl_PointSize = diameter + 1.0;
  colour = colourOf(begin);
}`;

const DISC_SHADER = `#version 300 es
precision mediump float;
flat in vec3 colour;
uniform highp float diameter;
uniform float opacity;
out vec4 fragment;
void main() {
  float distance = length(gl_PointCoord - 0.5) * (diameter + 1.0);
  fragment = vec4(colour, 1.0) * opacity * clamp(0.5 * diameter + 0.5 - distance, 0.0, 1.0);
}`;

// A segment for each instance, as a strip that is wider by a pixel than the line, whose edge is blurred.
const SEGMENT_SHADER = `#version 300 es
precision highp float;
layout(location = 0) in vec2 begin;
layout(location = 1) in vec2 from;     // of the segment's first end
layout(location = 2) in vec2 to;
layout(location = 3) in vec2 fromNext; // of its second end
layout(location = 4) in vec2 toNext;
uniform vec2 blends;  // of both ends
uniform vec4 view;
uniform vec2 size;    // of the canvas, in pixels
uniform float thickness;
uniform int period;   // every period-th segment, between two lines, is not drawn
uniform int part;     // of an arrow: 0 the shaft, 1 and 2 its head; -1: not an arrow
uniform float reach;  // length of an arrow for |D| = 1
flat out vec3 colour;
out float across;${HUE}
void main() {
  vec2 p = mix(from, to, blends.x), q = mix(fromNext, toNext, blends.y);
  if (part >= 0) {
    vec2 shaft = (q - p) * reach;
    q = p + shaft;
    if (part > 0) p = q - 0.35 * shaft + (part == 1 ? 0.2 : -0.2) * vec2(-shaft.y, shaft.x);
  }
  vec2 along = (q - p) * view.xy * size;
  vec2 side = along == vec2(0.0) ? vec2(0.0) : normalize(vec2(-along.y, along.x));
  across = (gl_VertexID % 2 == 0 ? -0.5 : 0.5) * (thickness + 1.0);
  gl_Position = vec4((gl_VertexID < 2 ? p : q) * view.xy + view.zw + 2.0 * across * side / size, 0.0, 1.0);
  if (period > 0 && gl_InstanceID % period == period - 1) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  colour = colourOf(begin);
}`;

const LINE_SHADER = `#version 300 es
precision mediump float;
flat in vec3 colour;
in highp float across;
uniform highp float thickness;
uniform float opacity;
out vec4 fragment;
void main() { fragment = vec4(colour, 1.0) * opacity * clamp(0.5 * thickness + 0.5 - abs(across), 0.0, 1.0); }`;

const SQUARE_SHADER = `#version 300 es
precision highp float;
uniform vec4 view;
out vec2 texel;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  texel = vec2(corner.x, 1.0 - corner.y);
  gl_Position = vec4(corner * view.xy + view.zw, 0.0, 1.0);
}`;

const PICTURE_SHADER = `#version 300 es
precision mediump float;
in highp vec2 texel;
uniform sampler2D picture;
uniform vec3 tint;
uniform float opacity;
out vec4 fragment;
void main() { fragment = vec4(tint, 1.0) * opacity * texture(picture, texel).r; }`;

class Program {
  constructor(gl, vertex, fragment, feedback) {
    const program = gl.createProgram();
    for (const [type, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
      const shader = gl.createShader(type);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    if (feedback) gl.transformFeedbackVaryings(program, [feedback], gl.INTERLEAVED_ATTRIBS);
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
      const logs = gl.getAttachedShaders(program).map(shader => gl.getShaderInfoLog(shader));
      throw new Error("the GPU's driver refuses a shader: " + [gl.getProgramInfoLog(program), ...logs].join(" "));
    }
    Object.assign(this, {gl, program, places: new Map()});
  }

  use() {
    this.gl.useProgram(this.program);
    return this;
  }

  /** Sets a uniform: of integers by a number with "i" before its value, otherwise of floats by a number or an array. */
  set(name, value, isInteger) {
    const gl = this.gl;
    if (!this.places.has(name)) this.places.set(name, gl.getUniformLocation(this.program, name));
    const place = this.places.get(name);
    if (isInteger) gl.uniform1i(place, value);
    else if (typeof value === "number") gl.uniform1f(place, value);
    else gl[`uniform${value.length}fv`](place, value);
    return this;
  }

  setVectors3(name, values) {
    this.gl.uniform3fv(this.gl.getUniformLocation(this.program, name), values);
    return this;
  }
}

/** Points on the GPU and where they are after some of the steps; the other steps are still to be done. */
class GpuFlow extends Flow {
  constructor(renderer, starts, steps, reverse) {
    super(steps, reverse, Math.max(2, Math.floor(FEEDBACK_BYTES / (4 * starts.length)) - 2));
    this.renderer = renderer;
    this.count = starts.length / 2;
    this.pairs = Math.ceil(this.count / 2);
    this.donePairs = 0; // of the step under way
    const gl = renderer.gl;
    const padded = new Float32Array(4 * this.pairs);
    padded.set(starts);
    this.frames = [this.buffer(padded)];
    this.spare = [];
    this.now = this.frames[0];
    this.next = null;
    gl.bindBuffer(gl.ARRAY_BUFFER, null);
  }

  buffer(content) {
    const gl = this.renderer.gl, buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, content, gl.DYNAMIC_COPY);
    return buffer;
  }

  /** Does part of the remaining steps: at most this many steps of a point; returns how many. */
  advance(pointSteps) {
    let left = Math.max(1, Math.floor(pointSteps / 2));
    while (left > 0 && !this.isComplete()) {
      if (!this.next) this.next = this.spare.pop() || this.buffer(16 * this.pairs);
      const pairs = Math.min(left, this.pairs - this.donePairs);
      const {alphas, step} = this;
      const h = alphas[step + 1] - alphas[step];
      this.renderer.step(this.steps.solver, this.now, this.next, this.donePairs, pairs, alphas[step], h);
      left -= pairs;
      this.donePairs += pairs;
      if (this.donePairs === this.pairs) {
        this.donePairs = 0;
        if (!this.frames.includes(this.now)) this.spare.push(this.now);
        this.now = this.next;
        this.next = null;
        if (this.endStep()) this.frames.push(this.now);
        if (this.isComplete()) this.releaseSpare();
      }
    }
    return pointSteps - 2 * left;
  }

  releaseSpare() { this.spare.splice(0).forEach(buffer => this.renderer.gl.deleteBuffer(buffer)); }

  /** The positions at a progress, [count, 2]. */
  positions(progress) {
    const {index, blend} = this.locate(progress), gl = this.renderer.gl;
    const [from, to] = [index, index + 1].map(i => {
      const positions = new Float32Array(2 * this.count);
      gl.bindBuffer(gl.COPY_READ_BUFFER, this.frames[Math.min(i, this.frames.length - 1)]);
      gl.getBufferSubData(gl.COPY_READ_BUFFER, 0, positions);
      gl.bindBuffer(gl.COPY_READ_BUFFER, null);
      return positions;
    });
    return from.map((x, i) => x + blend * (to[i] - x));
  }

  close() {
    this.releaseSpare();
    for (const buffer of new Set([...this.frames, this.now, this.next])) this.renderer.gl.deleteBuffer(buffer);
  }
}

/** Draws a model's points on a canvas by WebGL 2. */
class GpuRenderer {
  /** Throws if the browser or the driver lacks something. */
  constructor(canvas, model) {
    const gl = canvas.getContext("webgl2",
      {antialias: false, alpha: false, preserveDrawingBuffer: true, powerPreference: "high-performance"});
    if (!gl) throw new Error("the browser has none");
    Object.assign(this, {canvas, model, gl, mostPoints: 1 << 20, linePoints: 101, name: "WebGL 2"});
    const {network} = model, widthVectors = network.width / 4;
    const constants = {WEIGHTS_WIDTH, WIDTH_VECTORS: widthVectors, MOST_VECTORS: Math.max(widthVectors, network.inputs / 4)};
    const named = Object.entries(constants).reduce((text, [name, value]) => text.replaceAll(name, value), STEP_SHADER);
    const drawn = text => text.replaceAll("HUES", model.data.hues.length);
    this.stepProgram = new Program(gl, named, NOTHING_SHADER, "end");
    this.pointProgram = new Program(gl, drawn(POINT_SHADER), DISC_SHADER);
    this.segmentProgram = new Program(gl, drawn(SEGMENT_SHADER), LINE_SHADER);
    this.pictureProgram = new Program(gl, SQUARE_SHADER, PICTURE_SHADER);
    this.stepProgram.use().set("inputVectors", network.inputs / 4, true).set("widthVectors", widthVectors, true)
      .set("depth", network.depth, true).set("directions", network.directions / 4, true)
      .set("featureVectors", network.features / 2, true).set("weights", 0, true);
    this.weights = this.texture(gl.NEAREST);
    const rows = Math.ceil(network.parameters.length / 4 / WEIGHTS_WIDTH);
    const texels = new Float32Array(4 * WEIGHTS_WIDTH * rows);
    texels.set(network.parameters);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA32F, WEIGHTS_WIDTH, rows, 0, gl.RGBA, gl.FLOAT, texels);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    this.pictures = model.pictures.map(picture => {
      if (!picture) return null;
      const texture = this.texture(gl.LINEAR);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, picture.width, picture.height, 0, gl.RED, gl.UNSIGNED_BYTE, picture.levels);
      return texture;
    });
    this.stepArray = gl.createVertexArray();
    this.pointArray = gl.createVertexArray();
    this.segmentArray = gl.createVertexArray();
    this.emptyArray = gl.createVertexArray();
    this.feedback = gl.createTransformFeedback();
    this.arrows = arrowTails(24);
    this.arrowTails = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, this.arrowTails);
    gl.bufferData(gl.ARRAY_BUFFER, this.arrows, gl.STATIC_DRAW);
    this.arrowHeads = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, this.arrowHeads);
    gl.bufferData(gl.ARRAY_BUFFER, this.arrows, gl.DYNAMIC_COPY);
    this.pointSteps = 1 << 12; // done in a frame; follows from how long they take
    this.drawing = 16; // milliseconds of a frame without steps
    this.before = this.turn = 0;
    this.fence = null; // behind the steps under way
  }

  texture(filter) {
    const gl = this.gl, texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, filter);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, filter);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    return texture;
  }

  /** The number of points to begin with, as a power of two; fewer where a CPU does the GPU's work. */
  startExponent() {
    const {gl} = this, named = gl.getExtension("WEBGL_debug_renderer_info");
    const renderer = gl.getParameter(named ? named.UNMASKED_RENDERER_WEBGL : gl.RENDERER);
    return /swiftshader|llvmpipe|software|basic render/i.test(renderer) ? 11 : 13;
  }

  flow(starts, steps, reverse) { return new GpuFlow(this, starts, steps, reverse); }

  /** A step of points from one buffer to another. */
  step(solver, from, to, firstPair, pairs, alpha, h) {
    const gl = this.gl, {nodes, shares} = SOLVERS[solver], four = values => [...values, 0, 0, 0, 0].slice(0, 4);
    this.stepProgram.use().set("alpha", alpha).set("h", h).set("stages", nodes.length, true).set("nodes", four(nodes))
      .set("shares", four(shares));
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.weights);
    gl.bindVertexArray(this.stepArray);
    gl.bindBuffer(gl.ARRAY_BUFFER, from);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 4, gl.FLOAT, false, 16, 16 * firstPair);
    gl.bindBuffer(gl.ARRAY_BUFFER, null);
    gl.enable(gl.RASTERIZER_DISCARD);
    gl.bindTransformFeedback(gl.TRANSFORM_FEEDBACK, this.feedback);
    gl.bindBufferRange(gl.TRANSFORM_FEEDBACK_BUFFER, 0, to, 16 * firstPair, 16 * pairs);
    gl.beginTransformFeedback(gl.POINTS);
    gl.drawArrays(gl.POINTS, 0, pairs);
    gl.endTransformFeedback();
    gl.bindBufferBase(gl.TRANSFORM_FEEDBACK_BUFFER, 0, null);
    gl.bindTransformFeedback(gl.TRANSFORM_FEEDBACK, null);
    gl.disable(gl.RASTERIZER_DISCARD);
    gl.bindVertexArray(null);
  }

  /**
   * Does steps of the flows, as many as take about as long as drawing a frame: every eighth frame does none, to measure that.
   * A slower GPU is given fewer, so that the page stays responsive.
   */
  work(flows, now) {
    const gl = this.gl, elapsed = now - this.before, flow = flows.find(each => !each.isComplete());
    this.before = now;
    if (!flow || this.fence && gl.getSyncParameter(this.fence, gl.SYNC_STATUS) !== gl.SIGNALED) return;
    if (this.fence) {
      gl.deleteSync(this.fence);
      this.fence = null;
      const limit = Math.max(25, 2 * this.drawing), factor = elapsed < limit ? 1.5 : elapsed > 2 * limit ? 0.6 : 1;
      this.pointSteps = Math.max(256, Math.min(1 << 24, this.pointSteps * factor));
    } else if (this.idle) {
      this.drawing = Math.min(elapsed, 200);
    }
    this.idle = ++this.turn % 8 === 0;
    if (this.idle) return;
    flow.advance(this.pointSteps / SOLVERS[flow.steps.solver].nodes.length);
    this.fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
  }

  /** Binds the vertex attributes from 0 on, each a buffer of points and an offset in points. */
  bind(array, isInstanced, attributes) {
    const gl = this.gl;
    gl.bindVertexArray(array);
    attributes.forEach(([buffer, offset], i) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.enableVertexAttribArray(i);
      gl.vertexAttribPointer(i, 2, gl.FLOAT, false, 8, 8 * offset);
      gl.vertexAttribDivisor(i, isInstanced ? 1 : 0);
    });
    gl.bindBuffer(gl.ARRAY_BUFFER, null);
  }

  draw(scene) {
    const {gl, canvas} = this, {points, grid, progress, theme, view, scale} = scene;
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(...theme.paper, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    const picture = this.pictures[scene.target];
    if (scene.density && picture) {
      this.pictureProgram.use().set("view", view).set("tint", theme.ink).set("opacity", theme.density).set("picture", 0, true);
      gl.bindTexture(gl.TEXTURE_2D, picture);
      gl.bindVertexArray(this.emptyArray);
      gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    }
    const hues = theme.hues.flat();
    this.segmentProgram.use().set("view", view).set("size", [canvas.width, canvas.height]).set("reach", ARROW_REACH)
      .set("part", -1, true).setVectors3("hues[0]", hues);
    const ink = [...theme.ink, 1], coloured = [...theme.ink, 0];
    if (scene.trails) {
      const count = Math.min(points.count, MOST_TRAILS), {opacity} = discs(count, scene.side, scale);
      this.segmentProgram.set("ink", scene.colour ? coloured : ink).set("period", 0, true).set("thickness", 1.5 * scale);
      for (const {index, blends, share} of trailParts(points, progress, scene.trailDirection)) {
        const from = [points.frames[index], 0], to = [points.frames[index + 1], 0];
        this.bind(this.segmentArray, true, [[points.frames[0], 0], from, to, from, to]);
        this.segmentProgram.set("blends", blends).set("opacity", 0.8 * opacity * share);
        gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, count);
      }
    }
    if (grid && grid.frames.length > 1) {
      const {index, blend} = grid.locate(progress), from = grid.frames[index], to = grid.frames[index + 1];
      this.bind(this.segmentArray, true, [[from, 0], [from, 0], [to, 0], [from, 1], [to, 1]]);
      this.segmentProgram.set("ink", ink).set("period", this.linePoints, true).set("thickness", scale)
        .set("blends", [blend, blend]).set("opacity", 0.45);
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, grid.count - 1);
    }
    const {index, blend} = points.locate(progress), {diameter, opacity} = discs(points.count, scene.side, scale);
    const from = points.frames[index], to = points.frames[Math.min(index + 1, points.frames.length - 1)];
    this.pointProgram.use().set("view", view).set("blend", blend).set("diameter", diameter).set("opacity", opacity)
      .set("ink", scene.colour ? coloured : ink).setVectors3("hues[0]", hues);
    this.bind(this.pointArray, false, [[points.frames[0], 0], [from, 0], [to, 0]]);
    gl.drawArrays(gl.POINTS, 0, points.count);
    if (scene.arrows) {
      this.step("euler", this.arrowTails, this.arrowHeads, 0, this.arrows.length / 4, scene.alpha, 1);
      this.segmentProgram.use().set("ink", ink).set("period", 0, true).set("thickness", 1.2 * scale).set("blends", [0, 0])
        .set("opacity", 0.65);
      const tails = [this.arrowTails, 0], heads = [this.arrowHeads, 0];
      this.bind(this.segmentArray, true, [tails, tails, tails, heads, heads]);
      for (let part = 0; part < 3; part++) {
        this.segmentProgram.set("part", part, true);
        gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.arrows.length / 2);
      }
    }
    gl.bindVertexArray(null);
  }
}
