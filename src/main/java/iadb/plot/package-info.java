/**
 * Charts and pictures of points as images: axes, palettes and a stroke font. Never asks AWT for a font or a display, since
 * bare machines have neither.
 */
package iadb.plot;
