// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Table;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Matches the {@code query} of a search: each of its words begins a word of one of the object's searchable properties
 * ("Search through default searchable properties" in HubSpot's guide; matching by beginnings is from memory).
 *
 * @param words in lower case, each with {@code *} behind it; none finds everything
 */
record SearchQuery(List<String> words, List<Field> fields) {

    static SearchQuery of(ApiCall call, Table table, String query) {
        List<String> words = Arrays.stream(query.toLowerCase(Locale.ROOT).split("[^\\p{L}\\p{N}]+"))
                .filter(word -> !word.isEmpty())
                .map(word -> word + "*")
                .toList();
        List<Field> fields = words.isEmpty()
                ? List.of()
                : Stream.concat(
                                StandardObjects.searchable(table.type()).stream(),
                                Schemas.searchable(call.account(), table.type()).stream())
                        .map(name -> table.type().field(name))
                        .flatMap(Optional::stream)
                        .toList();
        return new SearchQuery(words, fields);
    }

    boolean test(Row row) {
        return words.stream().allMatch(word -> fields.stream()
                .map(field -> RecordJson.value(field, row))
                .filter(Objects::nonNull)
                .anyMatch(value -> Tokens.contains(value, word)));
    }
}
