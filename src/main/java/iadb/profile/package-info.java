/**
 * Measures a device: its peak, each kernel and plan, whole runs, what using a map costs, this program against others, and the
 * tunings that suit it. Only the command line uses it.
 */
package iadb.profile;
