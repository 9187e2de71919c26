/**
 * Measuring: what the device can do at best, what each kernel and plan takes of it, how cost grows, where a run's time goes,
 * how other programs fare at the same training, and which tuning is fastest. What {@code tools/profile}, {@code tools/figures}
 * and {@code tools/tune} start; nothing else needs it. Only its programs, {@link iadb.profile.Profile} and
 * {@link iadb.profile.Tune}, print.
 */
package iadb.profile;
