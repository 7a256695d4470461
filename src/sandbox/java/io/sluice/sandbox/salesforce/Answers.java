// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Answer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/** Builds answers in Salesforce's form. */
final class Answers {

    static final ObjectMapper JSON = new ObjectMapper();
    private static final JsonFactory FACTORY = JSON.getFactory();

    private Answers() {}

    interface Writer {
        void write(JsonGenerator json) throws IOException;
    }

    /** Writes a body straight to bytes, for large ones. */
    static Answer streamed(int status, Writer writer) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(1024);
        try (JsonGenerator json = FACTORY.createGenerator(bytes)) {
            writer.write(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Answer.json(status, bytes.toByteArray());
    }

    static Answer json(int status, JsonNode body) {
        return streamed(status, json -> JSON.writeTree(json, body));
    }

    /** Builds the error of a whole request: an array, as on every REST resource. */
    static Answer error(SalesforceError error) {
        return error(error.status(), List.of(error));
    }

    static Answer error(int status, List<SalesforceError> errors) {
        ArrayNode body = JSON.createArrayNode();
        for (SalesforceError error : errors) {
            ObjectNode one = body.addObject().put("message", error.message()).put("errorCode", error.code());
            if (!error.fields().isEmpty()) {
                one.set("fields", JSON.valueToTree(error.fields()));
            }
            if (error.duplicates() != null) {
                one.set("duplicateResult", error.duplicates());
            }
        }
        return json(status, body);
    }
}
