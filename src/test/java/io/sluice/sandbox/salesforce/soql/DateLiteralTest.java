// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.soql;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.LocalDate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DateLiteralTest {

    /** A Wednesday. */
    private static final LocalDate TODAY = LocalDate.of(2026, 3, 4);

    @ParameterizedTest
    @CsvSource({
        "yesterday,               2026-03-03, 2026-03-03",
        "LAST_N_DAYS:1,           2026-03-03, 2026-03-04",
        "NEXT_N_DAYS:2,           2026-03-05, 2026-03-06",
        "LAST_90_DAYS,            2025-12-04, 2026-03-04",
        "NEXT_90_DAYS,            2026-03-05, 2026-06-02",
        "N_DAYS_AGO:4,            2026-02-28, 2026-02-28",
        "THIS_WEEK,               2026-03-01, 2026-03-07",
        "LAST_WEEK,               2026-02-22, 2026-02-28",
        "NEXT_WEEK,               2026-03-08, 2026-03-14",
        "LAST_N_WEEKS:2,          2026-02-15, 2026-02-28",
        "NEXT_N_WEEKS:2,          2026-03-08, 2026-03-21",
        "N_WEEKS_AGO:2,           2026-02-15, 2026-02-21",
        "LAST_MONTH,              2026-02-01, 2026-02-28",
        "LAST_N_MONTHS:2,         2026-01-01, 2026-02-28",
        "NEXT_N_MONTHS:2,         2026-04-01, 2026-05-31",
        "N_MONTHS_AGO:3,          2025-12-01, 2025-12-31",
        "THIS_QUARTER,            2026-01-01, 2026-03-31",
        "LAST_N_QUARTERS:2,       2025-07-01, 2025-12-31",
        "NEXT_FISCAL_QUARTER,     2026-04-01, 2026-06-30",
        "N_FISCAL_QUARTERS_AGO:1, 2025-10-01, 2025-12-31",
        "LAST_YEAR,               2025-01-01, 2025-12-31",
        "LAST_N_YEARS:2,          2024-01-01, 2025-12-31",
        "NEXT_N_FISCAL_YEARS:2,   2027-01-01, 2028-12-31",
    })
    void aLiteralStandsForItsDays(String literal, LocalDate first, LocalDate last) {
        assertThat(DateLiteral.of(literal, TODAY)).contains(new DateLiteral(first, last));
    }

    @Test
    void whatTheVendorDoesNotHaveIsNone() {
        for (String none : new String[] {"THIS_DAY", "LAST_FISCAL_MONTH", "LAST_N_DAYS", "LAST_N_DAYS:x", "SOON"}) {
            assertThat(DateLiteral.of(none, TODAY)).as(none).isEmpty();
        }
    }
}
