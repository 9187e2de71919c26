/** What a frame shows: the density, points, their trails, the grid and the velocity field, drawn with OpenGL. */
package iadb.view.scene;
