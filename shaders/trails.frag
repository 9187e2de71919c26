#version 330 core
// The trails of the points, as premultiplied light.

in vec2 texel;

uniform sampler2D trails;

out vec4 fragment;

void main() { fragment = texture(trails, texel); }
