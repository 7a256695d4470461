// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * A way in which records of one object are associated with those of another, as seen from the first ("Association type
 * ids").
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

    /** Whether a body's {@code {"associationCategory","associationTypeId"}} names it. */
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
