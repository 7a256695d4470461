// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import io.sluice.store.Json;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Describes a read that the cache may answer. */
sealed interface CacheableRequest {

    String account();

    String object();

    /** Returns the operation, as the ledger names the call. */
    String operation();

    /** Returns the path of the request, after the API version. */
    String path();

    /** Returns the part of an answer that is kept; empty if there is none. */
    Optional<Found> found(SalesforceAnswer answer);

    /** Returns the key in the cache, a text because the cache component takes texts. */
    default String key() {
        return Json.text(this);
    }

    /**
     * Holds what was read.
     *
     * @param body  the immutable body that the Kamelet returns
     * @param names the names by which a change is recognised: the id and the value of the external id
     */
    record Found(Object body, Set<String> names) {}

    /**
     * Reads one record.
     *
     * @param by the external id, or null when the value is Salesforce's own id
     */
    record OfRecord(String account, String object, String by, String value, Set<String> fields)
            implements CacheableRequest {

        @Override
        public String operation() {
            return "read";
        }

        /** Returns the path, which always reads the id, because it identifies the entry to drop. */
        @Override
        public String path() {
            Set<String> read = new LinkedHashSet<>(List.of("Id"));
            read.addAll(fields);
            return "/sobjects/" + object + "/" + (by == null ? "" : by + "/") + SalesforceRecords.segment(value)
                    + "?fields=" + String.join(",", read);
        }

        @Override
        public Optional<Found> found(SalesforceAnswer answer) {
            if (!answer.ok()
                    || answer.json().filter(json -> json.hasNonNull("Id")).isEmpty()) {
                return Optional.empty();
            }
            Map<String, Object> record = new LinkedHashMap<>(Json.fields(answer.body()));
            record.remove("attributes");
            Set<String> names = new HashSet<>(List.of(value, record.get("Id").toString()));
            return Optional.of(new Found(Collections.unmodifiableMap(record), names));
        }
    }

    /** Reads the fields of an object. */
    record OfShape(String account, String object) implements CacheableRequest {

        @Override
        public String operation() {
            return "describe";
        }

        @Override
        public String path() {
            return "/sobjects/" + object + "/describe";
        }

        @Override
        public Optional<Found> found(SalesforceAnswer answer) {
            return answer.json()
                    .filter(json -> answer.ok()
                            && json.path("name").asText().equalsIgnoreCase(object)
                            && !json.path("fields").isEmpty())
                    .map(json -> new Found(Describe.shape(object, json), Set.of()));
        }
    }
}
