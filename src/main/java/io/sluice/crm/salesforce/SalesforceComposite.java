// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.Outcome;
import io.sluice.RecordChange;
import io.sluice.Suggestion;
import io.sluice.crm.BeforeImages;
import io.sluice.crm.ErrorScope;
import io.sluice.crm.PartAnswer;
import io.sluice.store.Json;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BinaryOperator;
import java.util.stream.IntStream;
import org.apache.camel.Exchange;
import org.apache.camel.Message;

/**
 * Writes records of several objects in one call: a composite request of Collections updates and upserts ("Composite" in
 * the REST API Developer Guide). Salesforce executes the parts in order, so a child finds the parent that an earlier
 * part created, by the parent's external id ({@code Account.Ext_Id__c}); a rejected parent fails only its own children.
 *
 * <p>Where {@link BeforeImages} are requested, the first parts are {@link BeforeQueries}.
 *
 * <p>The references of the parts differ from call to call: the answer to another call, which a broken connection or proxy
 * may deliver, proves nothing.
 */
public final class SalesforceComposite {

    private static final String PARTS = "SluiceCompositeParts";
    private static final String QUERIES = "SluiceCompositeQueries";
    private static final Comparator<PartAnswer> BY_WEIGHT = Comparator.comparing(part -> weight(part.scope()));

    /**
     * Holds one collection: an update of records with known ids, which creates none, or an upsert of others.
     *
     * @param key     the field that holds the key
     * @param indexes the indexes of its records in the incoming list
     */
    private record Part(
            String reference, String object, String key, List<Integer> indexes, List<RecordChange> changes) {

        boolean isUpdate() {
            return SObjectCollections.isKnown(changes.get(0));
        }

        String url(String apiVersion) {
            return "/services/data/v" + apiVersion + "/composite/sobjects"
                    + (isUpdate() ? "" : "/" + object + "/" + key);
        }

        Map<String, Object> body() {
            return isUpdate()
                    ? SObjectCollections.updateBody(changes, object, key)
                    : SObjectCollections.upsertBody(changes, object, key);
        }

        Map<String, Object> request(String apiVersion) {
            return Map.of("method", METHOD, "referenceId", reference, "url", url(apiVersion), "body", body());
        }
    }

    /** Method of updates and upserts. */
    private static final String METHOD = "PATCH";

    /** Returns the end of a call's references; they take letters, digits and underscores. */
    static String nonce() {
        return "_" + Long.toString(ThreadLocalRandom.current().nextLong(Long.MAX_VALUE), Character.MAX_RADIX);
    }

    /**
     * @param externalIds {@code Account:Ext_Id__c,Contact:Customer_No__c}: the objects in the order in which they are
     *     written, parents first, each with the field that holds its key
     * @param max         the maximum number of collections of 200 records in one call
     */
    public void request(Exchange exchange, String externalIds, String apiVersion, int max) {
        Map<String, String> keys = keys(externalIds);
        Object body = exchange.getMessage().getBody();
        List<RecordChange> changes = RecordChange.listOf(body);
        String nonce = nonce();
        List<Part> parts = parts(changes, objects(body, keys), keys, nonce);
        BeforeQueries queries = queries(exchange, parts, nonce);
        if (parts.size() > max || parts.size() + queries.size() > SalesforceCrm.COLLECTIONS_A_CALL) {
            throw new IllegalArgumentException("These " + changes.size() + " records need " + parts.size()
                    + " collections and " + queries.size() + " queries, but a call takes " + max + " of "
                    + SalesforceCrm.COLLECTION_SIZE + " records of one object; split the list first");
        }
        compose(exchange, changes, parts, queries, apiVersion);
    }

    /**
     * Writes one collection of one object; if it has records with and without known ids, a composite request of two
     * collections, which is also one call.
     */
    public void collection(Exchange exchange, String object, String externalId, String apiVersion) {
        List<RecordChange> changes = RecordChange.listOf(exchange.getMessage().getBody());
        SObjectCollections.requireOneCall(changes);
        String nonce = nonce();
        List<Part> parts =
                parts(changes, Collections.nCopies(changes.size(), object), Map.of(object, externalId), nonce);
        BeforeQueries queries = queries(exchange, parts, nonce);
        if (parts.size() == 1 && queries.isEmpty()) {
            SalesforceCalls.keep(exchange, changes);
            exchange.removeProperty(PARTS);
            exchange.setProperty(QUERIES, queries);
            exchange.getMessage().setHeader(SalesforceCalls.METHOD, METHOD);
            exchange.getMessage().setHeader(SalesforceCalls.PATH, parts.get(0).url(apiVersion));
            exchange.getMessage().setBody(Json.text(parts.get(0).body()));
        } else {
            compose(exchange, changes, parts, queries, apiVersion);
        }
    }

    private static void compose(
            Exchange exchange, List<RecordChange> changes, List<Part> parts, BeforeQueries queries, String apiVersion) {
        SalesforceCalls.keep(exchange, changes);
        exchange.setProperty(PARTS, parts);
        exchange.setProperty(QUERIES, queries);
        compose(
                exchange,
                queries,
                parts.stream().map(part -> part.request(apiVersion)).toList(),
                apiVersion);
    }

    /** Builds a call of queries and then writes. */
    static void compose(Exchange exchange, BeforeQueries queries, List<Map<String, Object>> writes, String apiVersion) {
        List<Map<String, Object>> requests = new ArrayList<>(queries.requests(apiVersion));
        requests.addAll(writes);
        exchange.getMessage().setHeader(SalesforceCalls.METHOD, "POST");
        exchange.getMessage().setHeader(SalesforceCalls.PATH, "/services/data/v" + apiVersion + "/composite");
        // collated parts, the default since version 49, have no defined order
        exchange.getMessage()
                .setBody(Json.text(
                        Map.of("allOrNone", false, "collateSubrequests", false, "compositeRequest", requests)));
    }

    /** Builds the requested queries. */
    private static BeforeQueries queries(Exchange exchange, List<Part> parts, String nonce) {
        exchange.getMessage().removeHeader(BeforeImages.HEADER);
        Map<String, List<RecordChange>> known = new LinkedHashMap<>();
        Map<String, Instant> asked = BeforeImages.asked(exchange.getMessage());
        parts.stream()
                .filter(part -> part.isUpdate() && asked.containsKey(part.object()))
                .forEach(part -> known.computeIfAbsent(part.object(), first -> new ArrayList<>())
                        .addAll(part.changes()));
        BeforeQueries queries = new BeforeQueries(nonce);
        known.forEach(
                (object, changes) -> queries.add(object, changes, BeforeQueries.fieldsOf(changes), asked.get(object)));
        parts.stream()
                .filter(part -> !part.isUpdate() && asked.containsKey(part.object()))
                .filter(part -> parts.size() + queries.size() < SalesforceCrm.COLLECTIONS_A_CALL)
                .forEach(part -> queries.addKeys(
                        part.object(),
                        part.key(),
                        part.changes(),
                        BeforeQueries.fieldsOf(part.changes()),
                        asked.get(part.object())));
        return queries;
    }

    private static Map<String, String> keys(String externalIds) {
        Map<String, String> keys = new LinkedHashMap<>();
        // a route that names the Kamelet by a URI passes the commas encoded
        Arrays.stream(externalIds.replace("%2C", ",").replace("%3A", ":").split(","))
                .forEach(pair -> {
                    String[] names = pair.strip().split(":");
                    if (names.length != 2) {
                        throw new IllegalArgumentException(
                                "externalIds must read Account:Ext_Id__c,Contact:Customer_No__c, but '" + pair.strip()
                                        + "' is not an object with a field");
                    }
                    keys.put(names[0], names[1]);
                });
        return keys;
    }

    private static List<String> objects(Object body, Map<String, String> keys) {
        List<String> objects = new ArrayList<>();
        for (Object entry : (Iterable<?>) body) {
            String object = entry instanceof Map<?, ?> map && map.get("object") != null
                    ? map.get("object").toString()
                    : "";
            if (!keys.containsKey(object)) {
                throw new IllegalArgumentException("Record " + objects.size() + " is of object '" + object
                        + "', for which externalIds names no field" + Suggestion.hint(object, keys.keySet()));
            }
            objects.add(object);
        }
        return objects;
    }

    private static List<Part> parts(
            List<RecordChange> changes, List<String> objects, Map<String, String> keys, String nonce) {
        List<Part> parts = new ArrayList<>();
        for (String object : keys.keySet()) {
            for (boolean known : new boolean[] {true, false}) {
                List<Integer> indexes = IntStream.range(0, changes.size())
                        .boxed()
                        .filter(i ->
                                objects.get(i).equals(object) && SObjectCollections.isKnown(changes.get(i)) == known)
                        .toList();
                for (int from = 0; from < indexes.size(); from += SalesforceCrm.COLLECTION_SIZE) {
                    List<Integer> some =
                            indexes.subList(from, Math.min(from + SalesforceCrm.COLLECTION_SIZE, indexes.size()));
                    parts.add(new Part(
                            "part" + parts.size() + nonce,
                            object,
                            keys.get(object),
                            List.copyOf(some),
                            some.stream().map(changes::get).toList()));
                }
            }
        }
        return parts;
    }

    /** Sets the outcomes of a collection as the body, in the order of the records. */
    public void outcomesOfCollection(Exchange exchange) {
        if (exchange.getProperty(PARTS) != null) {
            outcomes(exchange);
        } else {
            BeforeImages.answer(
                    exchange.getMessage(),
                    exchange.getProperty(QUERIES, BeforeQueries.class).images(Map.of()));
            exchange.getMessage()
                    .setBody(SObjectCollections.outcomes(
                            SalesforceCalls.changes(exchange), SalesforceCalls.answer(exchange)));
        }
    }

    /**
     * Sets the outcomes as the body, in the order of the incoming records, and the answer to each object's part as a
     * header. If a part was rejected as a whole, its HTTP status and error scope replace those of the call, which
     * answers 200 whatever its parts' results.
     */
    @SuppressWarnings("unchecked")
    public void outcomes(Exchange exchange) {
        SalesforceAnswer answer = SalesforceCalls.answer(exchange);
        int records = SalesforceCalls.changes(exchange).size();
        Map<String, SalesforceAnswer> answers = answers(answer);
        BeforeImages.answer(
                exchange.getMessage(),
                exchange.getProperty(QUERIES, BeforeQueries.class).images(answers));
        Outcome[] outcomes = new Outcome[records];
        Map<String, PartAnswer> byObject = new HashMap<>();
        for (Part part : (List<Part>) exchange.getProperty(PARTS, List.class)) {
            List<Outcome> own = Optional.ofNullable(answers.get(part.reference()))
                    .map(it -> SObjectCollections.outcomes(part.changes(), it))
                    .orElseGet(() -> part.changes().stream()
                            .map(change -> answer.ok()
                                    ? Outcome.noResult(change.key())
                                    : SalesforceErrors.ofCall(change.key(), answer, records))
                            .toList());
            for (int i = 0; i < own.size(); i++) {
                outcomes[part.indexes().get(i)] = own.get(i);
            }
            if (answer.ok()) {
                SalesforceAnswer its = answers.getOrDefault(part.reference(), answer);
                byObject.merge(
                        part.object(),
                        new PartAnswer(its.status(), SalesforceErrors.scope(its)),
                        BinaryOperator.maxBy(BY_WEIGHT));
            }
        }
        Message message = exchange.getMessage();
        if (!byObject.isEmpty()) {
            message.setHeader(PartAnswer.HEADER, Map.copyOf(byObject));
        }
        byObject.values().stream()
                .filter(part -> part.scope() != ErrorScope.NONE)
                .max(BY_WEIGHT)
                .ifPresent(part -> {
                    message.setHeader(SalesforceCalls.STATUS, part.status());
                    message.setHeader(ErrorScope.HEADER, part.scope());
                });
        message.setBody(List.of(outcomes));
    }

    /** Ranks error scopes: the highest is the one that a retry of the records can't resolve. */
    private static int weight(ErrorScope errorScope) {
        return switch (errorScope) {
            case OBJECT -> 3;
            case RECORD -> 2;
            case TRANSIENT -> 1;
            case NONE -> 0;
        };
    }

    /** Builds the body of a call whose only part reads an address. */
    static String ofOne(String path) {
        return Json.text(Map.of(
                "compositeRequest", List.of(Map.of("method", "GET", "url", path, "referenceId", "one" + nonce()))));
    }

    /** Returns the answer to the only part, or that of the call itself if it was rejected. */
    static SalesforceAnswer oneOf(SalesforceAnswer answer) {
        return answers(answer).values().stream().findFirst().orElse(answer);
    }

    static Map<String, SalesforceAnswer> answers(SalesforceAnswer answer) {
        Map<String, SalesforceAnswer> answers = new HashMap<>();
        answer.json().filter(json -> answer.ok()).ifPresent(json -> {
            for (JsonNode part : json.path("compositeResponse")) {
                SalesforceAnswer its = new SalesforceAnswer(
                        part.path("httpStatusCode").asInt(), part.path("body").toString());
                SalesforceAnswer other = answers.put(part.path("referenceId").asText(), its);
                if (its.status() == 0 || other != null && !other.equals(its)) {
                    // an answer without a status, or two different answers, prove nothing
                    answers.put(part.path("referenceId").asText(), new SalesforceAnswer(answer.status(), "{}"));
                }
            }
        });
        return answers;
    }
}
