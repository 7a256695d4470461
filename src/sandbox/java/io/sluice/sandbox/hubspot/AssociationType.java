// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * Describes a type of association between records of two objects, as seen from the first object (<a
 * href="https://developers.hubspot.com/docs/api-reference/latest/crm/associations/overview">Association type ids</a>).
 *
 * @param own            whether a user defined it
 * @param id             HubSpot's number
 * @param label          what users see, or null for the association that every other kind includes
 * @param inverse        the number of the same association as seen from the other record
 * @param primary        whether a record has one of it at most
 * @param inversePrimary whether that is so of the record at the other end
 */
record AssociationType(boolean own, int id, String label, int inverse, boolean primary, boolean inversePrimary) {

    String category() {
        return own ? "USER_DEFINED" : "HUBSPOT_DEFINED";
    }

    /** Whether a body's {@code {"associationCategory","associationTypeId"}} names this type. */
    boolean is(JsonNode spec) {
        return id == spec.path("associationTypeId").asInt()
                && category().equals(spec.path("associationCategory").asText());
    }

    ObjectNode json() {
        return Answers.JSON
                .createObjectNode()
                .put("category", category())
                .put("typeId", id)
                .put("label", label);
    }
}
