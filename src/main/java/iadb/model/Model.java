package iadb.model;

import iadb.density.Density;
import java.util.Map;
import java.util.Optional;

/**
 * A trained network and what made it.
 *
 * @param network    shape and weights
 * @param p0         where its map starts; empty when the file does not hold it
 * @param p1         where its map ends; empty when the file does not hold it
 * @param provenance configuration, seed and program version, as text by key
 */
public record Model(Network network, Optional<Density> p0, Optional<Density> p1, Map<String, String> provenance) {
}
