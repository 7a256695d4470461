// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ValuesTest {

    private static final List<List<Object>> SAME = List.of(
            Arrays.asList(null, ""),
            Arrays.asList(null, "  "),
            List.of("Ann", "Ann "),
            List.of(1, new BigDecimal("1.0")),
            List.of(new BigDecimal("12.50"), 12.5),
            List.of(0, new BigDecimal("0.00")),
            List.of(1000, new BigDecimal("1E+3")),
            List.of("5", 5),
            List.of("5.0", 5),
            List.of("true", true),
            List.of("2026-01-02T03:04:05.000Z", "2026-01-02T03:04:05.000+0000"),
            List.of("2026-01-02T03:04:05Z", "2026-01-02T05:04:05.000+02:00"),
            List.of("2026-01-02", "2026-01-02T00:00:00.000+0000"),
            List.of("2026-01-02T03:04:05.000Z", "2026-01-02"),
            List.of("10:00:00", "10:00:00.000Z"));

    private static final List<List<Object>> DIFFERENT = List.of(
            Arrays.asList(null, "0"),
            Arrays.asList(null, false),
            Arrays.asList(null, 0),
            List.of("Ann", "ann"),
            List.of(1, 2),
            List.of(1, "one"),
            List.of("1", "1.0"),
            List.of(true, false),
            List.of("true", false),
            List.of("2026-01-02T03:04:05.000Z", "2026-01-02T03:04:06.000+0000"),
            List.of("2026-01-02", "2026-01-03"),
            List.of("2026-01-02", "2026-01-03T00:00:00.000+0000"),
            List.of("10:00:00", "10:00:01.000Z"),
            List.of("2026-99-99T03:04:05Z", "2026-99-99T03:04:05.000Z"));

    @Test
    void valuesWithOneMeaningAreEqualWhicheverSideWroteThem() {
        assertThat(SAME).allSatisfy(pair -> assertThat(Values.same(pair.get(0), pair.get(1)))
                .isEqualTo(Values.same(pair.get(1), pair.get(0)))
                .isTrue());
    }

    @Test
    void valuesWithDifferentMeaningsDiffer() {
        assertThat(DIFFERENT).allSatisfy(pair -> assertThat(Values.same(pair.get(0), pair.get(1)))
                .isEqualTo(Values.same(pair.get(1), pair.get(0)))
                .isFalse());
    }

    @Test
    void aCellOfAFileIsANumberIfTheColumnHoldsNumbers() {
        assertThat(Values.ofText("int4", "42.0")).isEqualTo(new BigDecimal("42"));
        assertThat(Values.ofText("numeric", "1.5E7")).isEqualTo(new BigDecimal("1.5E+7"));
        assertThat(Values.ofText("int4", "many")).isEqualTo("many");
        assertThat(Values.ofText("text", "42.0")).isEqualTo("42.0");
        assertThat(Values.ofText("int4", null)).isNull();
    }

    @Test
    void theDatabaseGetsATextThatItCastsToAnyType() {
        assertThat(Values.text(new BigDecimal("5.0E+4"))).isEqualTo("50000");
        assertThat(Values.text(new BigDecimal("5.10"))).isEqualTo("5.1");
        assertThat(Values.text(true)).isEqualTo("true");
        assertThat(Values.text("")).isNull();
        assertThat(Values.text(null)).isNull();
    }
}
