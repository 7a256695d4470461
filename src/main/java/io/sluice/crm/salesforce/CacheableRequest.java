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

/** What a Kamelet asks that the cache may know already. */
sealed interface CacheableRequest {

    String account();

    String object();

    /** As the ledger names the call. */
    String operation();

    /** Of the request, behind the version of the API. */
    String path();

    /** What there is to keep in an answer, if anything. */
    Optional<Found> found(SalesforceAnswer answer);

    /** As the cache has it, whose component takes texts for keys. */
    default String key() {
        return Json.text(this);
    }

    /**
     * What was read.
     *
     * @param body  that the Kamelet answers; whoever gets it can't change it for the next
     * @param names by which news of it may come: its id, the value of its external id
     */
    record Found(Object body, Set<String> names) { }

    /**
     * One record.
     *
     * @param by the external id, or null when the value is the CRM's own id
     */
    record OfRecord(String account, String object, String by, String value, Set<String> fields) implements CacheableRequest {

        @Override
        public String operation() {
            return "read";
        }

        /** Its id is always among the fields, or nobody could tell what to drop. */
        @Override
        public String path() {
            Set<String> read = new LinkedHashSet<>(List.of("Id"));
            read.addAll(fields);
            return "/sobjects/" + object + "/" + (by == null ? "" : by + "/") + SalesforceRecords.segment(value) + "?fields="
                    + String.join(",", read);
        }

        @Override
        public Optional<Found> found(SalesforceAnswer answer) {
            if (!answer.ok() || answer.json().filter(json -> json.hasNonNull("Id")).isEmpty()) {
                return Optional.empty();
            }
            Map<String, Object> record = new LinkedHashMap<>(Json.fields(answer.body()));
            record.remove("attributes");
            Set<String> names = new HashSet<>(List.of(value, record.get("Id").toString()));
            return Optional.of(new Found(Collections.unmodifiableMap(record), names));
        }
    }

    /** The fields that an object has. */
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
            return answer.json().filter(json -> answer.ok() && json.path("name").asText().equalsIgnoreCase(object)
                    && !json.path("fields").isEmpty()).map(json -> new Found(Describe.shape(object, json), Set.of()));
        }
    }
}
