#version 330 core
// An arrow of the velocity field per instance. Vertices 0 and 1 are the shaft, 2 to 5 the two lines of the head.

layout(location = 0) in vec2 tail;   // x, in the unit square
layout(location = 1) in vec2 ahead;  // x + D(x, α)

uniform vec4 view;     // clip = position * view.xy + view.zw
uniform float reach;   // length of an arrow for |D| = 1, in the unit square

void main() {
  vec2 shaft = (ahead - tail) * reach;
  vec2 side = vec2(-shaft.y, shaft.x);
  vec2 tip = tail + shaft;
  vec2 position = tip;
  if (gl_VertexID == 0) position = tail;
  if (gl_VertexID == 3) position = tip - 0.35 * shaft + 0.2 * side;
  if (gl_VertexID == 5) position = tip - 0.35 * shaft - 0.2 * side;
  gl_Position = vec4(position * view.xy + view.zw, 0.0, 1.0);
}
