#version 330 core
// One colour, premultiplied.

uniform vec4 colour;

out vec4 fragment;

void main() { fragment = colour; }
