// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import java.util.regex.Pattern;

/** Converts a field's JSON into the stored value, or throws with the error. */
final class FieldValue {

    private static final Pattern EMAIL = Pattern.compile("[^\\s@,;<>]+@[^\\s@,;<>.]+(\\.[^\\s@,;<>.]+)+");

    private FieldValue() {}

    /**
     * Parses a value; null for an empty one. Texts are trimmed, and a blank text is no value, as "Field Types" in
     * Salesforce's Object Reference says.
     *
     * @throws RefusedException with the error for this row
     */
    static Object parse(Field field, JsonNode json) {
        if (json == null || json.isNull()) {
            return null;
        }
        if (json.isTextual()) {
            return parse(field, json.textValue());
        }
        FieldType type = field.type();
        if (json.isContainerNode() || keepsText(type) || json.isBoolean() != (type == FieldType.BOOLEAN)) {
            throw notOfType(field, json);
        }
        try {
            if (type == FieldType.INT && json.isNumber() && json.canConvertToExactIntegral()) {
                return inRange(field, Math.toIntExact(json.longValue()));
            }
            return json.isNumber() && type.isDecimal()
                    ? inRange(field, json.doubleValue())
                    : kept(field, type.parse(json.asText()));
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw notOfType(field, json);
        }
    }

    /** Parses a value that was sent as text. */
    static Object parse(Field field, String text) {
        if (keepsText(field.type())) {
            String stripped = text.strip();
            return stripped.isEmpty() ? null : checked(field, stripped);
        }
        if (text.isEmpty()) {
            return null;
        }
        try {
            return kept(field, field.type().parse(text));
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw notOfType(field, TextNode.valueOf(text));
        }
    }

    /** Whether fields of this type store the text itself. */
    static boolean keepsText(FieldType type) {
        return type == FieldType.REFERENCE || type == FieldType.ID || type.isText();
    }

    /** Rounds a time down to whole seconds. */
    private static Object kept(Field field, Object value) {
        return value instanceof Double number
                ? inRange(field, number)
                : value instanceof Integer number && field.type() == FieldType.INT
                        ? (Object) inRange(field, number)
                        : field.type() == FieldType.DATETIME
                                ? (Object) (Math.floorDiv((Long) value, 1000L) * 1000)
                                : value;
    }

    /**
     * Checks the digits before the point. The API keeps more decimals than the field's scale shows ("Decimal places of
     * number fields", Salesforce Help 000387302).
     */
    private static Double inRange(Field field, double value) {
        int digits = field.precision() - field.scale();
        if (digits > 0 && Math.abs(value) >= Math.pow(10, digits)) {
            throw new RefusedException(SalesforceError.of(
                    "NUMBER_OUTSIDE_VALID_RANGE",
                    field.label() + ": value outside of valid range on numeric field: " + value,
                    field.name()));
        }
        return value;
    }

    /** Checks that an integer has at most eight digits ("digits" of the describe). */
    private static Integer inRange(Field field, int value) {
        if (Math.abs((long) value) >= 100_000_000) {
            throw new RefusedException(SalesforceError.of(
                    "NUMBER_OUTSIDE_VALID_RANGE",
                    field.label() + ": value outside of valid range on numeric field: " + value,
                    field.name()));
        }
        return value;
    }

    private static String checked(Field field, String text) {
        if (field.length() > 0 && text.length() > field.length() && field.type() != FieldType.REFERENCE) {
            throw new RefusedException(SalesforceError.of(
                    "STRING_TOO_LONG",
                    field.label() + ": data value too large: " + text + " (max length=" + field.length() + ")",
                    field.name()));
        }
        if (field.type() == FieldType.EMAIL && !EMAIL.matcher(text).matches()) {
            throw new RefusedException(SalesforceError.of(
                    "INVALID_EMAIL_ADDRESS", field.label() + ": invalid email address: " + text, field.name()));
        }
        if (!field.options().take(text)) {
            throw new RefusedException(SalesforceError.of(
                    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                    field.label() + ": bad value for restricted picklist field: " + text,
                    field.name()));
        }
        return text;
    }

    private static RefusedException notOfType(Field field, JsonNode json) {
        String token =
                switch (json.getNodeType()) {
                    case STRING -> "VALUE_STRING";
                    case NUMBER -> json.isIntegralNumber() ? "VALUE_NUMBER_INT" : "VALUE_NUMBER_FLOAT";
                    case BOOLEAN -> json.booleanValue() ? "VALUE_TRUE" : "VALUE_FALSE";
                    case ARRAY -> "START_ARRAY";
                    default -> "START_OBJECT";
                };
        return new RefusedException(
                "JSON_PARSER_ERROR",
                "Cannot deserialize instance of " + field.type().wireName()
                        + " from " + token + " value " + (json.isContainerNode() ? "" : json.asText())
                        + " or request may be missing a required field at [line:1, column:1]");
    }
}
