// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.store.ObjectType;

/** What a duplicate rule says of a record that is too much like another one ("DuplicateResult" in the SOAP API guide). */
final class DuplicateResult {

    static final String CODE = "DUPLICATES_DETECTED";
    static final String MESSAGE = "Use one of these records?";

    private DuplicateResult() {}

    /**
     * The standard rule's find of one record that is not there.
     *
     * @param object of both records
     */
    static JsonNode of(ObjectType object) {
        String type = object.name();
        String id = object.keyPrefix() + "XX0000000001AAA";
        ObjectNode result = Answers.JSON
                .createObjectNode()
                .put("allowSave", true)
                .put("duplicateRule", "Standard_" + type + "_Duplicate_Rule")
                .put("duplicateRuleEntityType", type)
                .put("errorMessage", MESSAGE);
        ObjectNode match = result.putArray("matchResults")
                .addObject()
                .put("entityType", type)
                .put("matchEngine", "FuzzyMatchEngine")
                .put("rule", "Standard_" + type + "_Match_Rule_v1_1")
                .put("size", 1)
                .put("success", true);
        match.putArray("errors");
        ObjectNode found = match.putArray("matchRecords").addObject().put("matchConfidence", 100.0);
        found.putArray("additionalInformation");
        found.putArray("fieldDiffs");
        ObjectNode record = found.putObject("record").put("Id", id);
        record.putObject("attributes")
                .put("type", type)
                .put("url", "/services/data/v" + Describes.NEWEST_VERSION + ".0/sobjects/" + type + "/" + id);
        return result;
    }
}
