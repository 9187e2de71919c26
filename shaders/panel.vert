#version 330 core
// The triangles that Nuklear creates for the panel.

layout(location = 0) in vec2 position;  // desktop units from the upper left corner
layout(location = 1) in vec2 uv;
layout(location = 2) in vec4 colour;

uniform vec2 size;  // of the framebuffer, in desktop units

out vec2 texel;
out vec4 vertex_colour;

void main() {
  texel = uv;
  vertex_colour = colour;
  gl_Position = vec4(position.x / size.x * 2.0 - 1.0, 1.0 - position.y / size.y * 2.0, 0.0, 1.0);
}
