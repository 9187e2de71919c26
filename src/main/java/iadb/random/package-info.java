/**
 * The counter-based generator behind every random number of the program, and the purposes that keep numbers apart.
 * A draw is a function of (seed, purpose, index): no state is kept, and order does not matter. Pure Java.
 */
package iadb.random;
