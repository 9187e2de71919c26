/** Draws a frame with OpenGL: the density, the points and their trails, the grid, pairs and the velocity field. */
package iadb.view.scene;
