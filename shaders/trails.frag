#version 330 core
// The trails of the points, premultiplied.

in vec2 texel;

uniform sampler2D trails;

out vec4 fragment;

void main() { fragment = texture(trails, texel); }
