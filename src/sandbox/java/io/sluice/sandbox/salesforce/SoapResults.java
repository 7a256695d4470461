// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import io.sluice.sandbox.salesforce.soap.EnvelopeWriter;
import java.util.List;
import javax.xml.stream.XMLStreamException;

/** Writes the outcome of a record as SaveResult, UpsertResult, DeleteResult, UndeleteResult or MergeResult. */
final class SoapResults {

    private SoapResults() {}

    static void saved(EnvelopeWriter xml, Outcome outcome, boolean tellCreated) throws XMLStreamException {
        xml.element("result", result -> {
            if (tellCreated) {
                result.value("created", outcome instanceof Outcome.Saved saved && saved.created());
            }
            errors(result, outcome);
            result.value("id", id(outcome)).value("success", id(outcome) != null);
        });
    }

    static void merged(EnvelopeWriter xml, Merger.Result merged) throws XMLStreamException {
        xml.element("result", result -> {
            errors(result, merged.outcome());
            result.value("id", id(merged.outcome()));
            values(result, "mergedRecordIds", merged.merged());
            result.value("success", id(merged.outcome()) != null);
            values(result, "updatedRelatedIds", merged.related());
        });
    }

    static void converted(EnvelopeWriter xml, LeadConversion.Result converted) throws XMLStreamException {
        xml.element("result", result -> {
            result.value("accountId", converted.account()).value("contactId", converted.contact());
            errors(result, converted.outcome());
            result.value("leadId", converted.lead())
                    .value("opportunityId", converted.opportunity())
                    .value("success", id(converted.outcome()) != null);
        });
    }

    private static String id(Outcome outcome) {
        return outcome instanceof Outcome.Saved saved ? saved.id() : null;
    }

    private static void errors(EnvelopeWriter xml, Outcome outcome) throws XMLStreamException {
        if (outcome instanceof Outcome.Rejected rejected) {
            for (SalesforceError error : rejected.errors()) {
                xml.element("errors", one -> {
                    values(one, "fields", error.fields());
                    one.value("message", error.message()).value("statusCode", error.code());
                });
            }
        }
    }

    private static void values(EnvelopeWriter xml, String name, List<String> values) throws XMLStreamException {
        for (String value : values) {
            xml.value(name, value);
        }
    }
}
