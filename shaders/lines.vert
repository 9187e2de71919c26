#version 330 core
// Vertices of the grid or of a trajectory, interpolated between two frames.

layout(location = 0) in vec2 from;  // in the unit square, y up
layout(location = 1) in vec2 to;

uniform float blend;  // 0: from, 1: to
uniform vec4 view;    // clip = position * view.xy + view.zw

void main() { gl_Position = vec4(mix(from, to, blend) * view.xy + view.zw, 0.0, 1.0); }
