/**
 * Training: {@link iadb.train.TrainingRun} is one training from start to end, over a {@link iadb.train.TrainingSession} that runs a
 * plan's steps in slices. Nothing here prints, writes files or starts a thread that trains: the command line, the library and the
 * window call and observe it.
 */
package iadb.train;
