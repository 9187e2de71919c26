/**
 * The API for programs that embed this one: {@link iadb.Trainer} learns a map between two densities, {@link iadb.LearnedMap} maps
 * points in both directions and knows the density of the result, {@link iadb.Evaluation} compares the result with its target.
 *
 * <p>Nothing here prints, ends the process or writes a file unasked. Faults are unchecked exceptions with a message of one line:
 * {@link iadb.fault.InvalidInputException} for a file, a name or another value,
 * {@link iadb.cl.OpenClException.NoDeviceException} if this machine has no OpenCL device, {@link iadb.cl.OpenClException} for a
 * failure of OpenCL ({@link iadb.cl.OpenClException.DeviceLimitException}: the device is too small for the request) and
 * {@link iadb.train.DivergedException}. Log lines go to SLF4J, at debug level.
 */
package iadb;
