package iadb.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import iadb.cl.Device;
import iadb.profile.ResultFile;
import org.junit.jupiter.api.Test;

/** The least of the measurements of averages of weights. */
class AveragesTest {
    @Test
    void averagesAreATableAndJson() {
        Averages measured = Averages.measure(Device.all().get(0), new Averages.Extent(64, 256, 2));
        assertTrue(measured.text().contains("moons to ring, medians over 5 seeds"), measured.text());
        JsonObject json = ResultFile.JSON.toJsonTree(measured).getAsJsonObject();
        assertEquals(5, json.getAsJsonArray("moons_to_ring").size());
        assertEquals(2, json.getAsJsonArray("pairs").size());
    }
}
