#version 330 core
// A triangle that covers the whole screen.

out vec2 texel;

void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0;
  texel = corner;
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}
