/**
 * File formats: points (NPY, CSV, SVG, PLY, PNG), safetensors, GIF and JSON. An existing file is replaced only when
 * the new content is complete. Knows arrays, their shapes and paths, but no density, network or device.
 *
 * <p>A faulty input is an {@link iadb.fault.InvalidInputException}; a disk that fails is an {@link java.io.IOException}; a
 * caller's mistake is an {@link IllegalArgumentException}.
 */
package iadb.file;
