/**
 * Measuring: what the device can do at best, what each kernel and plan takes of it, how cost grows, where a run's time goes,
 * how other programs fare at the same training, and which tuning is fastest; and what other compilers say of the kernels. What
 * {@code tools/profile}, {@code tools/figures}, {@code tools/tune}, {@code tools/inspect} and {@code tools/compiled} start; nothing
 * else needs it. Only its programs, the classes with a {@code main}, print.
 */
package iadb.profile;
