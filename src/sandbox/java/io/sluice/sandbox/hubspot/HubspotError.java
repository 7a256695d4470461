// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.sluice.sandbox.server.Fault;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Represents an error as HubSpot words it (<a
 * href="https://developers.hubspot.com/docs/api-reference/error-handling">Handle errors</a>).
 *
 * @param status   of the HTTP answer when the error is the whole call's
 * @param category such as VALIDATION_ERROR, or null
 * @param context  names with lists of texts, such as the ids at fault
 * @param details  what is wrong with each property
 */
record HubspotError(
        int status, String category, String message, Map<String, List<String>> context, List<Detail> details) {

    /** Describes the error of one property. */
    record Detail(String code, String message, String property) {}

    static HubspotError of(int status, String category, String message) {
        return new HubspotError(status, category, message, Map.of(), List.of());
    }

    static HubspotError invalid(String message) {
        return of(400, "VALIDATION_ERROR", message);
    }

    static HubspotError invalid(List<Detail> details) {
        ArrayNode listed = Answers.JSON.createArrayNode();
        details.forEach(detail -> listed.addObject()
                .put("isValid", false)
                .put("message", detail.message())
                .put("error", detail.code())
                .put("name", detail.property())
                .put("localizedErrorMessage", detail.message())
                .put("portalId", Resources.PORTAL));
        return new HubspotError(
                400, "VALIDATION_ERROR", "Property values were not valid: " + listed, Map.of(), details);
    }

    /** Throws when a body lacks a required member, in the words of recorded answers. */
    static void require(JsonNode body, String... names) {
        List<String> missing =
                Arrays.stream(names).filter(name -> !body.hasNonNull(name)).toList();
        if (!missing.isEmpty()) {
            throw missing(missing).thrown();
        }
    }

    static HubspotError missing(List<String> names) {
        return invalid("Invalid input JSON on line 1, column 2. Some required fields were not set: " + names);
    }

    static HubspotError notFound(String what) {
        return of(404, "OBJECT_NOT_FOUND", what);
    }

    /** Builds the error for a single unknown record, with the id or key that the call named. */
    static HubspotError noSuchRecord(String id) {
        return notFound("Object not found.  objectId are usually numeric.").in("id", List.of(id));
    }

    static HubspotError locked() {
        return of(423, "LOCKED", "The record is locked by another write. Wait two seconds before you send it again.");
    }

    /** Builds the error that a fault asks for; {@code "whole":true} fails the whole batch. */
    static Thrown thrown(Fault fault, Map<String, List<String>> places) {
        return new Thrown(of(fault).in(places), fault.settings().path("whole").asBoolean());
    }

    private static HubspotError of(Fault fault) {
        return fault.kind() == Fault.Kind.ROW_LOCK
                ? locked()
                : of(
                        fault.settings().path("status").asInt(400),
                        fault.settings().path("errorCode").asText("VALIDATION_ERROR"),
                        fault.settings().path("message").asText("A fault of the sandbox rejects this record."));
    }

    HubspotError in(String name, List<String> values) {
        return in(Map.of(name, values));
    }

    /** Answers the error with one more entry in its context. */
    HubspotError alsoIn(String name, List<String> values) {
        Map<String, List<String>> places = new LinkedHashMap<>(context);
        places.put(name, values);
        return in(places);
    }

    HubspotError in(Map<String, List<String>> places) {
        return new HubspotError(status, category, message, places, details);
    }

    /** Carries an error of the whole call. */
    static final class Thrown extends RuntimeException {

        private final transient HubspotError error;
        private final boolean whole;

        Thrown(HubspotError error, boolean whole) {
            super(error.message(), null, false, false);
            this.error = error;
            this.whole = whole;
        }

        /** Whether the error fails the whole batch even when inputs have trace ids. */
        boolean refusesAll() {
            return whole || error.status() == 423;
        }

        HubspotError error() {
            return error;
        }
    }

    Thrown thrown() {
        return new Thrown(this, false);
    }
}
