// SPDX-License-Identifier: Apache-2.0
package io.sluice.operate;

import io.sluice.QuotedWords;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Hides the values of fields in an answer from callers who may not see them. The names of the fields stay, so that such a caller
 * still sees what failed and where.
 */
final class HiddenValues {

    /** Properties of answers that hold values of fields, or fields with their values. */
    private static final Set<String> WITH_VALUES = Set.of("fields", "row", "base", "unproven", "crm", "ours");

    /** Properties of answers that hold what a CRM or the database says; both quote values: {@code invalid email address: x}. */
    private static final Set<String> WITH_QUOTES = Set.of("message", "why", "lastError");

    private HiddenValues() {}

    /** Returns a copy of an answer, which is made of maps, collections and scalars, without the values of fields. */
    static Map<String, Object> of(Map<String, Object> answer) {
        Map<String, Object> hidden = new LinkedHashMap<>();
        answer.forEach((name, value) -> hidden.put(name, hidden(name, value)));
        return hidden;
    }

    private static Object hidden(String name, Object value) {
        if (WITH_QUOTES.contains(name) && value instanceof String words) {
            return QuotedWords.hidden(QuotedWords.mark(words));
        }
        return WITH_VALUES.contains(name) ? masked(value) : visited(value);
    }

    @SuppressWarnings("unchecked")
    private static Object visited(Object value) {
        if (value instanceof Map<?, ?> map) {
            return of((Map<String, Object>) map);
        }
        if (value instanceof Collection<?> list) {
            return list.stream().map(HiddenValues::visited).toList();
        }
        return value instanceof String text ? QuotedWords.hidden(text) : value;
    }

    /** Keeps the names of the fields; null, which says that there is nothing, stays too. */
    private static Object masked(Object value) {
        if (!(value instanceof Map<?, ?> fields)) {
            return value == null ? null : QuotedWords.HIDDEN;
        }
        Map<Object, Object> names = new LinkedHashMap<>();
        fields.keySet().forEach(name -> names.put(name, QuotedWords.HIDDEN));
        return names;
    }
}
