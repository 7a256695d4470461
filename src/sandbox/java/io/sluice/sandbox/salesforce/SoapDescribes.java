// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.salesforce.soap.Element;
import io.sluice.sandbox.salesforce.soap.EnvelopeWriter;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.FieldType;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import javax.xml.stream.XMLStreamException;

/**
 * Serves describeGlobal, describeSObject and describeSObjects: the answers of the REST API, in the alphabetical order
 * of the partner WSDL.
 */
final class SoapDescribes {

    /** Members that only REST has. */
    private static final Set<String> REST_ONLY = Set.of(
            "urls",
            "extendedBy",
            "extendsInterfaces",
            "listviewable",
            "lookupLayoutable",
            "sobjectDescribeOption",
            "associateEntityType",
            "associateParentEntity");
    /** Members that are nillable in the WSDL; a null in any other is left out. */
    private static final Set<String> NILLABLE = Set.of(
            "defaultImplementation",
            "implementedBy",
            "implementsInterfaces",
            "keyPrefix",
            "networkScopeFieldName",
            "urlDetail",
            "urlEdit",
            "urlNew");

    private SoapDescribes() {}

    static Answer global(SoapCall call, Request.Attempt attempt) {
        ObjectNode described = json(Describes.global(rest(call, "sobjects"), attempt));
        described.path("sobjects").forEach(object -> ((ObjectNode) object)
                .put("idEnabled", true)
                .remove(List.of(
                        "compactLayoutable",
                        "defaultImplementation",
                        "implementedBy",
                        "implementsInterfaces",
                        "networkScopeFieldName",
                        "searchLayoutable")));
        return call.answer(xml -> xml.element("result", result -> members(result, described)));
    }

    static Answer object(SoapCall call, Request.Attempt attempt) {
        ObjectNode described = describe(call, call.argument("sObjectType"), attempt);
        return call.answer(xml -> xml.element("result", result -> members(result, described)));
    }

    static Answer objects(SoapCall call, Request.Attempt attempt) {
        List<ObjectNode> all = call.body().children("sObjectType").stream()
                .map(Element::text)
                .map(name -> describe(call, name.strip(), attempt))
                .toList();
        return call.answer(xml -> {
            for (ObjectNode described : all) {
                xml.element("result", result -> members(result, described));
            }
        });
    }

    static Answer timestamp(SoapCall call, Request.Attempt attempt) {
        Object now = SoapRecords.text(FieldType.DATETIME, call.store().now());
        return call.answer(xml -> xml.element("result", result -> result.value("timestamp", now)));
    }

    private static ObjectNode describe(SoapCall call, String name, Request.Attempt attempt) {
        String object = call.table(name).type().name();
        ObjectNode described = json(Describes.describe(rest(call, "sobjects", object, "describe"), attempt));
        String url = call.origin() + "/" + described.path("keyPrefix").asText();
        return described
                .put("idEnabled", true)
                .put("urlDetail", url + "/{ID}")
                .put("urlEdit", url + "/{ID}/e")
                .put("urlNew", url + "/e");
    }

    private static ApiCall rest(SoapCall call, String... path) {
        return new ApiCall(
                call.account(),
                "GET",
                "v" + call.version(),
                List.of(path),
                Map.of(),
                Map.of(),
                null,
                call.origin(),
                null);
    }

    private static ObjectNode json(Answer answer) {
        try {
            return (ObjectNode) Answers.JSON.readTree(answer.body());
        } catch (IOException e) {
            throw new IllegalStateException("A describe is JSON.", e);
        }
    }

    private static void members(EnvelopeWriter xml, JsonNode described) throws XMLStreamException {
        Map<String, JsonNode> sorted = new TreeMap<>();
        described.properties().forEach(member -> sorted.put(member.getKey(), member.getValue()));
        sorted.keySet().removeAll(REST_ONLY);
        for (Map.Entry<String, JsonNode> member : sorted.entrySet()) {
            member(xml, member.getKey(), member.getValue());
        }
    }

    private static void member(EnvelopeWriter xml, String name, JsonNode value) throws XMLStreamException {
        if (value.isArray()) {
            for (JsonNode one : value) {
                member(xml, name, one);
            }
        } else if (value.isObject()) {
            xml.element(name, inside -> members(inside, value));
        } else if ("defaultValue".equals(name) && !value.isNull()) {
            // the one member whose type the WSDL leaves open
            xml.typedValue(name, value.isBoolean() ? "xsd:boolean" : "xsd:string", value.asText());
        } else if (!value.isNull()) {
            xml.value(name, value.asText());
        } else if (NILLABLE.contains(name)) {
            xml.value(name, null);
        }
    }
}
