#version 330 core
// The density behind the points.

in vec2 texel;

uniform sampler2D density;  // 0 to 1, the brightest pixel is 1
uniform vec3 tint;          // colour of the brightest pixel, added to the background

out vec4 fragment;

void main() { fragment = vec4(tint * texture(density, texel).r, 0.0); }
