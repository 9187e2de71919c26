/**
 * Measures a device: its peak, each kernel and plan, whole runs, the cost of using a map, this program against others, and the
 * best tunings. Only the command line uses it.
 */
package iadb.profile;
