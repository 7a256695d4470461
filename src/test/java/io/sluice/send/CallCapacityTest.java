// SPDX-License-Identifier: Apache-2.0
package io.sluice.send;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CallCapacityTest {

    /** A call of five parts. */
    private static CallCapacity call(int collections) {
        return new CallCapacity(collections, 5, 200, 600);
    }

    @ParameterizedTest(name = "of {0} records {2} fit, {3} collections are left")
    @CsvSource({
        "1, true, 1, 3",
        "200, true, 200, 3",
        "201, true, 201, 2",
        "600, true, 600, 1",
        "601, true, 600, 1",
        "1000, true, 600, 1",
        "1000, false, 1000, 0",
        "1001, false, 1000, 0"
    })
    void aReadTakesThePlaceOfACollection(int records, boolean read, int fit, int left) {
        CallCapacity callCapacity = call(5);

        assertThat(callCapacity.take(records, read)).isEqualTo(fit);
        assertThat(callCapacity.left()).isEqualTo(left);
    }

    @Test
    void aCallOfOneCollectionReadsToo() {
        CallCapacity callCapacity = call(1);

        assertThat(callCapacity.take(1000, true)).isEqualTo(200);
        assertThat(callCapacity.left()).isZero();
    }

    @Test
    void oneLeftPartHasNoRoomForAReadAndAWrite() {
        CallCapacity callCapacity = call(5);
        callCapacity.take(800, false);

        assertThat(callCapacity.take(1, true)).isZero();
        assertThat(callCapacity.take(1, false)).isEqualTo(1);
    }
}
