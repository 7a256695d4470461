// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SearchPageTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long START = 1_796_000_000_000L;

    private record Item(long id, long stamp) {}

    private record Page(List<Item> items, String next) {}

    /** Answers a search as HubSpot does: sorted by one property, in no order within it, and 10,000 records at most. */
    private static Page answer(List<Item> all, String body, Random random) throws Exception {
        JsonNode searchPage = JSON.readTree(body);
        List<Item> hits = new ArrayList<>(all.stream()
                .filter(item -> fits(item, searchPage.path("filterGroups").path(0)))
                .toList());
        boolean byId =
                searchPage.path("sorts").path(0).path("propertyName").asText().equals("hs_object_id");
        java.util.Collections.shuffle(hits, new Random(hits.size())); // the same each time
        hits.sort(Comparator.comparingLong(byId ? Item::id : Item::stamp));
        int from = searchPage.path("after").asInt(0);
        int to = Math.min(hits.size(), from + searchPage.path("limit").asInt());
        assertThat(to).as("no page beyond 10,000").isLessThanOrEqualTo(10_000);
        return new Page(hits.subList(from, to), to < hits.size() ? Integer.toString(to) : null);
    }

    private static boolean fits(Item item, JsonNode group) {
        for (JsonNode filter : group.path("filters")) {
            long has = filter.path("propertyName").asText().equals("hs_object_id") ? item.id() : item.stamp();
            long value = filter.path("value").asLong();
            boolean fits =
                    switch (filter.path("operator").asText()) {
                        case "GTE" -> has >= value;
                        case "GT" -> has > value;
                        default -> has == value;
                    };
            if (!fits) {
                return false;
            }
        }
        return true;
    }

    @ParameterizedTest
    @CsvSource({
        "0, 1000",
        "199, 1000",
        "200, 1000",
        "201, 1",
        "9999, 50000",
        "10000, 50000",
        "10001, 50000",
        "25000, 100000",
        "12500, 1",
        "31000, 3",
        "30000, 2"
    })
    void everyRecordIsReadHoweverManyHaveOneTimestamp(int records, int stamps) throws Exception {
        Random random = new Random(records);
        List<Item> all = new ArrayList<>();
        for (int i = 0; i < records; i++) {
            all.add(new Item(500_000 + i, START + random.nextInt(stamps)));
        }
        Set<Item> read = new LinkedHashSet<>();
        int calls = 0;
        for (SearchPage searchPage = SearchPage.of(Instant.ofEpochMilli(START).toString());
                searchPage != null;
                calls++) {
            Page page = answer(all, searchPage.body("lastmodifieddate", List.of("email")), random);
            read.addAll(page.items());
            Item last = page.items().isEmpty()
                    ? null
                    : page.items().get(page.items().size() - 1);
            SearchPage next = searchPage.next(
                    page.next(),
                    last == null ? null : Instant.ofEpochMilli(last.stamp()),
                    last == null ? null : Long.toString(last.id()));
            searchPage = next == null ? null : SearchPage.of(next.text());
        }
        assertThat(read).hasSize(records);
        assertThat(calls).as("calls").isLessThanOrEqualTo(3 * records / SearchPage.PAGE_SIZE + 60);
    }

    @Test
    void anOffsetIsParsedAsItWasWritten() {
        SearchPage searchPage = new SearchPage(Instant.ofEpochMilli(START), SearchPage.Kind.ONE_STAMP, "4711");
        assertThat(SearchPage.of(searchPage.text())).isEqualTo(searchPage);
        assertThat(SearchPage.of("2026-01-02T03:04:05Z"))
                .isEqualTo(new SearchPage(Instant.parse("2026-01-02T03:04:05Z"), SearchPage.Kind.PAGE, "0"));
    }
}
