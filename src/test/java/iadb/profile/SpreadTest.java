package iadb.profile;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Medians and quartiles, of times and of rates. */
class SpreadTest {
    @Test
    void quartilesLieBetweenTheValues() {
        assertEquals(new Spread(3, 2, 4, 5), Spread.of(5, 1, 4, 2, 3));
        assertEquals(new Spread(2.5, 1.75, 3.25, 4), Spread.of(4, 3, 2, 1));
        assertEquals(new Spread(7, 7, 7, 1), Spread.of(7));
    }

    @Test
    void theSlowestTimeIsTheLowestRate() {
        assertEquals(new Spread(20, 15, 30, 5), new Spread(3, 2, 4, 5).into(60));
        assertEquals(new Spread(6, 4, 8, 5), new Spread(3, 2, 4, 5).times(2));
    }
}
