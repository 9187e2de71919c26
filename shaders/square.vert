#version 330 core
// The unit square as a strip of four vertices. The first row of the texture is at y = 1.

uniform vec4 view;  // clip = position * view.xy + view.zw

out vec2 texel;

void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  texel = vec2(corner.x, 1.0 - corner.y);
  gl_Position = vec4(corner * view.xy + view.zw, 0.0, 1.0);
}
