#version 330 core
// A single premultiplied colour.

uniform vec4 colour;

out vec4 fragment;

void main() { fragment = colour; }
