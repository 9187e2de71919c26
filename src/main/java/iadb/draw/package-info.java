/** Points drawn from a density on the device. Knows no network. */
package iadb.draw;
