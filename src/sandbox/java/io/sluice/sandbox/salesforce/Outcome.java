// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** Represents the outcome of one record's write. */
sealed interface Outcome {

    /** Represents a written record. */
    record Saved(String id, boolean created) implements Outcome {}

    /** Represents a rejected record, which is unchanged. */
    record Rejected(List<SalesforceError> errors) implements Outcome {

        static Rejected because(SalesforceError error) {
            return new Rejected(List.of(error));
        }

        static Rejected because(String code, String message, String... fields) {
            return because(SalesforceError.of(code, message, fields));
        }
    }

    /** Writes the row of a collections answer: a rejected record has no id, and its code is named statusCode. */
    default ObjectNode toJson(boolean tellCreated) {
        ObjectNode row = Answers.JSON.createObjectNode();
        if (this instanceof Saved saved) {
            row.put("id", saved.id()).put("success", true).putArray("errors");
            if (tellCreated) {
                row.put("created", saved.created());
            }
        } else if (this instanceof Rejected rejected) {
            ArrayNode errors = row.put("success", false).putArray("errors");
            for (SalesforceError error : rejected.errors()) {
                ObjectNode one =
                        errors.addObject().put("statusCode", error.code()).put("message", error.message());
                one.set("fields", Answers.JSON.valueToTree(error.fields()));
                if (error.duplicates() != null) {
                    one.set("duplicateResult", error.duplicates());
                }
            }
        }
        return row;
    }
}
