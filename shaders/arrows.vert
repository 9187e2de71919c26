#version 330 core
// The velocity field as arrows, one per instance: vertices 0 to 5 are the shaft and both sides of the head.

layout(location = 0) in vec2 tail;   // x, in the unit square
layout(location = 1) in vec2 ahead;  // x + D(x, α)

uniform vec4 view;     // clip = position * view.xy + view.zw
uniform float reach;   // of an arrow for |D| = 1, in the unit square

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
