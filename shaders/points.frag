#version 330 core
// A disc whose edge is blurred over one pixel. Colours are premultiplied; with alpha 0 they are added to the background.

flat in vec3 point_colour;

uniform float diameter;  // pixels
uniform float opacity;   // 0 to 1
uniform float cover;     // 0: additive blending, 1: a point covers what is behind it

out vec4 fragment;

void main() {
  float distance = length(gl_PointCoord - 0.5) * (diameter + 1.0);
  float coverage = opacity * clamp(0.5 * diameter + 0.5 - distance, 0.0, 1.0);
  fragment = vec4(point_colour * coverage, coverage * cover);
}
