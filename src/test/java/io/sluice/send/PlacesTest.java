package io.sluice.send;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlacesTest {

    /** A call of five parts. */
    private static Places call(int collections) {
        return new Places(collections, 5, 200, 600);
    }

    @ParameterizedTest(name = "of {0} records {2} fit, {3} collections are left")
    @CsvSource({"1, true, 1, 3", "200, true, 200, 3", "201, true, 201, 2", "600, true, 600, 1", "601, true, 600, 1",
            "1000, true, 600, 1", "1000, false, 1000, 0", "1001, false, 1000, 0"})
    void aReadingTakesThePlaceOfACollection(int records, boolean read, int fit, int left) {
        Places places = call(5);

        assertThat(places.take(records, read)).isEqualTo(fit);
        assertThat(places.left()).isEqualTo(left);
    }

    @Test
    void aCallOfOneCollectionReadsToo() {
        Places places = call(1);

        assertThat(places.take(1000, true)).isEqualTo(200);
        assertThat(places.left()).isZero();
    }

    @Test
    void whereOnePartIsLeftNothingThatIsReadFits() {
        Places places = call(5);
        places.take(800, false);

        assertThat(places.take(1, true)).isZero();
        assertThat(places.take(1, false)).isEqualTo(1);
    }
}
