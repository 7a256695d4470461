// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Answer;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.UUID;

/** Builds HubSpot's JSON answers. */
final class Answers {

    static final ObjectMapper JSON = new ObjectMapper();

    private static final DateTimeFormatter MOMENT =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private Answers() {}

    static Answer json(int status, JsonNode body) {
        try {
            return Answer.json(status, JSON.writeValueAsBytes(body));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    static Answer error(HubspotError error) {
        ObjectNode body = JSON.createObjectNode()
                .put("status", "error")
                .put("message", error.message())
                .put("correlationId", UUID.randomUUID().toString());
        describe(body, error);
        return json(error.status(), body);
    }

    /** Builds the item of an error in the answer of a partial success. */
    static ObjectNode item(HubspotError error) {
        ObjectNode item = JSON.createObjectNode().put("status", "error").put("message", error.message());
        describe(item, error);
        // in HubSpot's description each of them is there in any case
        item.withObject("/context");
        item.withArray("/errors");
        item.putObject("links");
        return item;
    }

    /** Formats a time (milliseconds since 1970) as HubSpot writes it. */
    static String moment(long millis) {
        return MOMENT.format(Instant.ofEpochMilli(millis));
    }

    private static void describe(ObjectNode body, HubspotError error) {
        if (error.category() != null) {
            body.put("category", error.category());
        }
        if (!error.context().isEmpty()) {
            body.set("context", JSON.valueToTree(error.context()));
        }
        if (!error.details().isEmpty()) {
            ArrayNode details = body.putArray("errors");
            for (HubspotError.Detail detail : error.details()) {
                ObjectNode one =
                        details.addObject().put("message", detail.message()).put("code", detail.code());
                one.putObject("context").putArray("propertyName").add(detail.property());
            }
        }
    }
}
