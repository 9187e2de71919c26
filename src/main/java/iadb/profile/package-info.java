/**
 * Measuring: what the device can do at best, what each kernel and plan takes of it, how cost grows, where a run's time goes,
 * and how other programs fare at the same training. What {@code tools/profile} and {@code tools/figures} start; nothing else
 * needs it. Only {@link iadb.profile.Profile} prints.
 */
package iadb.profile;
