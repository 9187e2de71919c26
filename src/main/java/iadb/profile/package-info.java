/**
 * Measuring: what {@code tools/tune} and {@code tools/profile} start. Needed by no other package; prints, since its
 * classes are programs.
 */
package iadb.profile;
