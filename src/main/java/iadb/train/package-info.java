/**
 * A training that can be advanced: draws the data, runs a plan's steps in slices, hands out losses and weights. Owns no
 * thread and no endless loop, prints nothing, writes no file: the command line, the library and the window each call
 * {@link iadb.train.TrainingSession#advance}.
 */
package iadb.train;
