// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.store.DuplicateRule;
import io.sluice.sandbox.store.ObjectType;
import io.sluice.sandbox.store.Row;
import java.util.List;

/**
 * Describes the records that a duplicate rule found
 * (<a href="https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_objects_duplicateresult.htm"
 * >DuplicateResult</a>).
 */
final class DuplicateResult {

    static final String CODE = "DUPLICATES_DETECTED";
    static final String MESSAGE = "Use one of these records?";

    private DuplicateResult() {}

    /** Describes one found record that does not exist, for faults. */
    static JsonNode madeUp(ObjectType object) {
        return of(object, true, MESSAGE, List.of(object.keyPrefix() + "XX0000000001AAA"));
    }

    static JsonNode of(ObjectType object, DuplicateRule rule, List<Row> found) {
        return of(
                object,
                rule.allowsSave(),
                rule.message(),
                found.stream().map(Row::id).toList());
    }

    private static JsonNode of(ObjectType object, boolean allowsSave, String message, List<String> ids) {
        String type = object.name();
        ObjectNode result = Answers.JSON
                .createObjectNode()
                .put("allowSave", allowsSave)
                .put("duplicateRule", "Standard_" + type + "_Duplicate_Rule")
                .put("duplicateRuleEntityType", type)
                .put("errorMessage", message);
        ObjectNode match = result.putArray("matchResults")
                .addObject()
                .put("entityType", type)
                .put("matchEngine", "FuzzyMatchEngine")
                .put("rule", "Standard_" + type + "_Match_Rule_v1_1")
                .put("size", ids.size())
                .put("success", true);
        match.putArray("errors");
        ArrayNode records = match.putArray("matchRecords");
        for (String id : ids) {
            ObjectNode found = records.addObject().put("matchConfidence", 100.0);
            found.putArray("additionalInformation");
            found.putArray("fieldDiffs");
            found.putObject("record")
                    .put("Id", id)
                    .putObject("attributes")
                    .put("type", type)
                    .put("url", "/services/data/v" + Describes.NEWEST_VERSION + ".0/sobjects/" + type + "/" + id);
        }
        return result;
    }
}
