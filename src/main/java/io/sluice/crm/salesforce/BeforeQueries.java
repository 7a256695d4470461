// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.CrmRecord;
import io.sluice.RecordChange;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The queries that precede the writes of a composite call: they read which of its records changed since a given time. They
 * cost no call. An edit by a user in the milliseconds between the query and the write of one call stays undetected.
 *
 * <p>Records that are not known yet are read by their external id, where the call has room for that: a user may have created
 * one meanwhile.
 */
final class BeforeQueries {

    private static final Pattern ID = Pattern.compile("[0-9A-Za-z]{15}([0-9A-Za-z]{3})?");

    /**
     * One query, for records of one object.
     *
     * @param externalId the field that holds the key, where it is read; otherwise empty
     */
    private record Query(String reference, String object, String externalId, List<String> fields, String soql) {

        Map<String, Object> request(String apiVersion) {
            // a comma and a quote as they are take a byte, not three (RFC 3986, 3.4)
            return Map.of("method", "GET", "referenceId", reference, "url", address(soql, apiVersion));
        }

        private static String address(String soql, String apiVersion) {
            return SalesforceCalls.path(soql, apiVersion).replace("%2C", ",").replace("%27", "'");
        }

        private boolean isOfKeys() {
            return !externalId.isEmpty();
        }

        /** Returns the records of an answer; empty where the answer is incomplete. */
        Optional<List<CrmRecord>> images(SalesforceAnswer answer) {
            return answer.json()
                    .filter(json -> answer.ok() && SalesforceReads.isWhole(json))
                    .flatMap(json -> {
                        List<CrmRecord> images = new ArrayList<>();
                        for (JsonNode record : json.path("records")) {
                            if (!SalesforceReads.isRecord(record)) {
                                return Optional.empty();
                            }
                            images.add(SalesforceReads.crmRecord(record, externalId, fields));
                        }
                        return Optional.of(images);
                    });
        }
    }

    private final String nonce;
    private final Set<String> objects = new LinkedHashSet<>();
    private final List<Query> queries = new ArrayList<>();

    /** @param nonce the end of the references of the call */
    BeforeQueries(String nonce) {
        this.nonce = nonce;
    }

    /** Adds the fields that the changes name. */
    static Set<String> fieldsOf(List<RecordChange> changes) {
        Set<String> fields = new LinkedHashSet<>();
        changes.forEach(change -> fields.addAll(change.fields().keySet()));
        return fields;
    }

    /**
     * Adds queries for the records of an object, one per as many ids as an address takes.
     *
     * @param fields the fields to read
     */
    void add(String object, List<RecordChange> all, Collection<String> fields, Instant since) {
        objects.add(object);
        // an invalid id makes Salesforce reject the whole query
        List<RecordChange> changes = all.stream()
                .filter(change ->
                        change.crmId() != null && ID.matcher(change.crmId()).matches())
                .toList();
        for (int from = 0; from < changes.size(); from += SalesforceCrm.IDS_A_QUERY) {
            queries.add(query(
                    object,
                    "",
                    changes.subList(from, Math.min(changes.size(), from + SalesforceCrm.IDS_A_QUERY)).stream()
                            .map(RecordChange::crmId)
                            .toList(),
                    fields,
                    since));
        }
    }

    /**
     * Adds a query for the records of these keys, if one address takes all of them.
     *
     * @param externalId the field that holds the key
     */
    void addKeys(
            String object, String externalId, List<RecordChange> unknown, Collection<String> fields, Instant since) {
        objects.add(object);
        Query query = query(
                object,
                externalId,
                unknown.stream().map(change -> change.key().strip()).toList(),
                fields,
                since);
        if (Query.address(query.soql(), "00.0").length() <= SalesforceCrm.MAX_QUERY_ADDRESS) {
            queries.add(query);
        }
    }

    /** @param externalId the field that has the values, or empty for the id */
    private Query query(
            String object, String externalId, List<String> values, Collection<String> fields, Instant since) {
        Set<String> read = new LinkedHashSet<>(List.of("Id", "SystemModstamp"));
        read.addAll(fields);
        String by = "Id";
        if (!externalId.isEmpty()) {
            read.add(externalId);
            by = externalId;
        }
        return new Query(
                "before" + queries.size() + nonce,
                object,
                externalId,
                List.copyOf(fields),
                "SELECT " + String.join(", ", read) + " FROM " + object + " WHERE SystemModstamp >= "
                        + SalesforceReads.second(since) + " AND " + by + " IN ("
                        + values.stream().map(SObjectCollections::literal).collect(Collectors.joining(","))
                        + ")");
    }

    int size() {
        return queries.size();
    }

    boolean isEmpty() {
        return queries.isEmpty();
    }

    List<Map<String, Object>> requests(String apiVersion) {
        return queries.stream().map(query -> query.request(apiVersion)).toList();
    }

    /**
     * Returns by object the records that were read, for objects whose queries by id were all answered. A query by keys may
     * fail: Salesforce compares a number with no quoted key.
     */
    Map<String, List<CrmRecord>> images(Map<String, SalesforceAnswer> answers) {
        Map<String, List<CrmRecord>> images = new HashMap<>();
        objects.forEach(object -> images.put(object, new ArrayList<>()));
        Set<String> unread = new LinkedHashSet<>();
        for (Query query : queries) {
            Optional.ofNullable(answers.get(query.reference()))
                    .flatMap(query::images)
                    .ifPresentOrElse(found -> images.get(query.object()).addAll(found), () -> {
                        if (!query.isOfKeys()) {
                            unread.add(query.object());
                        }
                    });
        }
        images.keySet().removeAll(unread);
        return images;
    }
}
