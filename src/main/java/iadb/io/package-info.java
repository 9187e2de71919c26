/**
 * Files and pictures: what a run writes under its output folder, and the model files it reads back.
 *
 * <p>Floor 0. Owns the formats (NPY, CSV, PNG, GIF, safetensors), the pictures of points and curves with their
 * colours and lettering, and the rule that a file which exists is replaced only when its new content is whole. It
 * imports no other package of this program: it does not know what a density, a network or a device is, only arrays,
 * their shapes and paths. It never asks AWT for a font or a display, since bare machines have neither.
 *
 * <p>A fault of a file or an option is an {@link iadb.io.InvalidInputException}; a disk that fails is an
 * {@link java.io.IOException}; a caller's mistake is an {@link IllegalArgumentException}.
 */
package iadb.io;
