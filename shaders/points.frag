#version 330 core
// A disc with an edge blurred over one pixel. Colours are premultiplied: alpha 0 adds their light, alpha 1 covers.

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
