// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import io.sluice.crm.ObjectShape.Kind;

/**
 * Decides whether the values of a column fit into a CRM's field, by one table for all CRMs. The table is in the manual too
 * (src/site/markdown/mapping.md), and a test compares it with the behaviour of the sandbox's CRMs.
 *
 * @param way conversion of the values, or that there is none
 * @param why error, or possible rejection, as the end of a sentence about the column; null where there is none
 */
record Compatibility(Way way, String why) {

    /** The conversion of a column's values for a field. */
    enum Way {
        /** None is needed. */
        AS_IS,
        /** To text, because the field accepts nothing else. */
        AS_TEXT,
        /** Impossible: all values, or their meaning, would be lost. */
        NEVER
    }

    /** The kind of a column's values, as far as it matters here. */
    private enum Values {
        BOOLEAN,
        INTEGER,
        BIG_INTEGER,
        DECIMAL,
        DATE,
        MOMENT,
        TIME,
        TEXT;

        static Values of(String type) {
            return switch (type) {
                case "bool" -> BOOLEAN;
                case "int2", "int4" -> INTEGER;
                case "int8" -> BIG_INTEGER;
                case "numeric", "float4", "float8" -> DECIMAL;
                case "date" -> DATE;
                case "timestamp", "timestamptz" -> MOMENT;
                case "time" -> TIME;
                default -> TEXT;
            };
        }

        String words() {
            return switch (this) {
                case BOOLEAN -> "true or false";
                case INTEGER, BIG_INTEGER, DECIMAL -> "numbers";
                case DATE -> "dates";
                case MOMENT -> "dates with a time";
                case TIME -> "times of day";
                case TEXT -> "text";
            };
        }
    }

    private static final Compatibility FITS = new Compatibility(Way.AS_IS, null);
    private static final Compatibility AS_TEXT = new Compatibility(Way.AS_TEXT, null);

    /** @param type PostgreSQL's name of the column's type, as in {@link io.sluice.capture.Column#type()} */
    static Compatibility of(String type, Kind kind) {
        Values values = Values.of(type);
        return switch (kind) {
            case TEXT, CHOICE, CHOICES ->
                values == Values.TEXT
                        ? FITS
                        : kind == Kind.TEXT || values != Values.DATE && values != Values.MOMENT && values != Values.TIME
                                ? AS_TEXT
                                : never(values, "one of its options", "a text column that holds the options' values");
            case NUMBER ->
                switch (values) {
                    case INTEGER, BIG_INTEGER, DECIMAL -> FITS;
                    default -> never(values, "numbers", "a column of type numeric");
                };
            case INTEGER ->
                switch (values) {
                    case INTEGER -> FITS;
                    case BIG_INTEGER -> new Compatibility(Way.AS_IS, "takes no number beyond 2147483647");
                    case DECIMAL -> new Compatibility(Way.AS_IS, "takes no fractions");
                    default -> never(values, "whole numbers", "a column of type integer");
                };
            case BOOLEAN ->
                values == Values.BOOLEAN ? FITS : never(values, "true or false", "a column of type boolean");
            case DATE ->
                values == Values.DATE
                        ? FITS
                        : never(
                                values,
                                "dates without a time",
                                values == Values.MOMENT
                                        ? "a column of type date, as (column at time zone 'Europe/Berlin')::date: which day it is depends on the zone"
                                        : "a column of type date");
            case DATETIME ->
                switch (values) {
                    case MOMENT, DATE -> FITS;
                    default -> never(values, "dates with a time", "a column of type timestamptz");
                };
            case TIME -> values == Values.TIME ? FITS : never(values, "times of day", "a column of type time");
            case REFERENCE ->
                values == Values.TEXT
                        ? FITS
                        : never(
                                values,
                                "ids of other records",
                                "Relationship.ExternalId, which names the other record by its key");
            case COMPOUND -> never(values, "several parts or a file", "one of its parts");
            case OTHER -> FITS;
        };
    }

    private static Compatibility never(Values values, String taken, String instead) {
        return new Compatibility(
                Way.NEVER, "takes " + taken + ", but the column holds " + values.words() + "; use " + instead);
    }

    boolean isImpossible() {
        return way == Way.NEVER;
    }
}
