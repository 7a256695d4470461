// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.salesforce.streaming.ChannelMember;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Request;
import java.util.StringJoiner;

/**
 * Serves the part of the Tooling API that sets up custom channels (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/tooling_api_objects_platformeventchannel.htm">PlatformEventChannel</a>).
 * The vendor nests these fields in {@code Metadata}; here they are fields of the record itself.
 */
final class Tooling {

    private static final String CHANNEL_ENDING = "__chn";

    private Tooling() {}

    /** Whether the object is one of these. */
    static boolean serves(String object) {
        return ChannelMember.CHANNEL.equals(object) || ChannelMember.OBJECT.equals(object);
    }

    static Answer create(ApiCall call, Request.Attempt attempt) {
        return Rows.create(flat(call), attempt);
    }

    static Answer read(ApiCall call, Request.Attempt attempt) {
        return Rows.read(without(call, null), attempt);
    }

    static Answer update(ApiCall call, Request.Attempt attempt) {
        return Rows.update(flat(call), attempt);
    }

    static Answer delete(ApiCall call, Request.Attempt attempt) {
        return Rows.delete(without(call, null), attempt);
    }

    private static ApiCall flat(ApiCall call) {
        JsonNode sent = call.body().json();
        JsonNode metadata = sent.path("Metadata");
        ObjectNode record = Answers.JSON.createObjectNode();
        if (sent.hasNonNull("FullName")) {
            String name = sent.path("FullName").asText();
            record.put("FullName", name)
                    .put(
                            "DeveloperName",
                            name.endsWith(CHANNEL_ENDING)
                                    ? name.substring(0, name.length() - CHANNEL_ENDING.length())
                                    : name);
        }
        put(record, "MasterLabel", metadata.path("label"));
        put(record, "ChannelType", metadata.path("channelType"));
        put(record, "EventChannel", metadata.path("eventChannel"));
        put(record, "SelectedEntity", metadata.path("selectedEntity"));
        put(record, "FilterExpression", metadata.path("filterExpression"));
        if (metadata.path("enrichedFields").isArray()) {
            StringJoiner names = new StringJoiner(",");
            metadata.path("enrichedFields")
                    .forEach(field -> names.add(field.path("name").asText()));
            record.put("EnrichedFields", names.length() == 0 ? null : names.toString());
        }
        return without(call, record);
    }

    private static void put(ObjectNode record, String field, JsonNode value) {
        if (!value.isMissingNode()) {
            record.set(field, value);
        }
    }

    /** Answers the call as one of the REST API, with another body or its own. */
    private static ApiCall without(ApiCall call, JsonNode body) {
        return new ApiCall(
                call.account(),
                call.method(),
                call.version(),
                call.rest().subList(1, call.rest().size()),
                call.query(),
                call.headers(),
                body == null ? call.body() : new ApiCall.Body(body),
                call.origin(),
                call.transaction());
    }
}
