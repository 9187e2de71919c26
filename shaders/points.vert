#version 330 core
// Points, interpolated between two frames and drawn as squares, which points.frag makes round.

layout(location = 0) in vec2 from;    // in the unit square, y up
layout(location = 1) in vec2 to;
layout(location = 2) in vec3 colour;  // depends on the start of the point

uniform float blend;     // 0: from, 1: to
uniform vec4 view;       // clip = position * view.xy + view.zw
uniform float diameter;  // pixels

flat out vec3 point_colour;

void main() {
  gl_Position = vec4(mix(from, to, blend) * view.xy + view.zw, 0.0, 1.0);
  gl_PointSize = diameter + 1.0;
  point_colour = colour;
}
