/**
 * Charts and pictures of points as images: axes, palettes and a stroke font. Uses no font and no display of AWT, since
 * minimal systems have neither.
 */
package iadb.plot;
