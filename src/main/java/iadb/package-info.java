/**
 * The front door for programs that embed this one: {@link iadb.Trainer} learns a map between two densities,
 * {@link iadb.LearnedMap} takes points there and back and knows the density of what it makes, {@link iadb.Evaluation} says
 * how good it is.
 *
 * <p>Nothing here prints, ends the process or writes a file that it was not told to. What goes wrong is an unchecked
 * exception with a message of one line: {@link iadb.fault.InvalidInputException} for a file, a name or another value,
 * {@link iadb.cl.NoDeviceException} where this machine has no OpenCL device,
 * {@link iadb.cl.OpenClException} for what OpenCL refuses ({@link iadb.cl.DeviceLimitException}: it is too large),
 * {@link iadb.train.DivergedException}. Log lines go to SLF4J, at its debug level.
 */
package iadb;
