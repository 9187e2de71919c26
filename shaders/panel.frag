#version 330 core
// Text and shapes of the panel. The texture holds the coverage of each pixel.

in vec2 texel;
in vec4 vertex_colour;

uniform sampler2D letters;

out vec4 fragment;

void main() {
  float coverage = vertex_colour.a * texture(letters, texel).r;
  fragment = vec4(vertex_colour.rgb * coverage, coverage);
}
