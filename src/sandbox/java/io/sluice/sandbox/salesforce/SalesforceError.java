// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * Represents an error as Salesforce words it (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm">Status Codes and Error
 * Responses</a>).
 *
 * @param code       such as REQUIRED_FIELD_MISSING
 * @param fields     names of the fields at fault, often none
 * @param duplicates what a duplicate rule found ("DuplicateResult"), or null
 */
record SalesforceError(String code, String message, List<String> fields, JsonNode duplicates) {

    SalesforceError(String code, String message, List<String> fields) {
        this(code, message, fields, null);
    }

    static SalesforceError of(String code, String message, String... fields) {
        return new SalesforceError(code, message, List.of(fields));
    }

    static SalesforceError notFound() {
        return of("NOT_FOUND", "The requested resource does not exist");
    }

    static SalesforceError noSuchColumn(String field, String object) {
        return of("INVALID_FIELD", "No such column '" + field + "' on sobject of type " + object);
    }

    /** Formats the error for a bulk job's failed rows: {@code CODE:message:fields --}. */
    String toBulk() {
        return code + ":" + message + ":" + (fields.isEmpty() ? "" : String.join(", ", fields) + " ") + "--";
    }

    /** Answers the HTTP status of the error of a request for a single record. */
    int status() {
        return switch (code) {
            case "NOT_FOUND", "ENTITY_IS_DELETED" -> 404;
            case "METHOD_NOT_ALLOWED" -> 405;
            case "INVALID_SESSION_ID" -> 401;
            case "REQUEST_LIMIT_EXCEEDED" -> 403;
            case "UNSUPPORTED_MEDIA_TYPE" -> 415;
            default -> 400;
        };
    }
}
