// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

/**
 * A column of a synced table, and the conversion of its values to JSON.
 *
 * @param type    PostgreSQL's name of the built-in type, that of a domain's base type; {@link #ARRAY}, {@link #COMPOSITE} and
 *                {@link #OTHER} for the rest
 * @param sqlType the declared type, quoted and with its schema, for a cast
 */
public record Column(String name, String type, String sqlType, boolean notNull) {

    static final String ARRAY = "array";
    static final String COMPOSITE = "composite";
    /** Enums and types of extensions. */
    static final String OTHER = "other";

    public String quoted() {
        return Sql.name(name);
    }

    /** The reason why no CRM field can hold the column, or null. */
    String unsupportedReason() {
        return switch (type) {
            case ARRAY -> "is an array, which no CRM field holds; join it in a view or a generated column first";
            case COMPOSITE -> "is a composite value; map its parts through generated columns";
            case "bytea" -> "is binary, which no CRM field holds";
            case "money" -> "is of type money, whose text depends on the server's locale; use numeric";
            case "interval" ->
                "is of type interval, whose text depends on the session's settings; use a number of days"
                        + " or seconds";
            default -> null;
        };
    }

    /** The reason why the column can't be a key, or null: the same value must have the same text in every session. */
    String unsupportedKeyReason() {
        return switch (type) {
            case "float4", "float8", "timestamp", "timestamptz", "timetz", "json", "jsonb", "xml" ->
                "is of type " + type + ", whose text is not the same everywhere; use a number, a text or a uuid";
            default -> unsupportedReason();
        };
    }

    /** SQL that returns the key as text, the same in every session. */
    public String keyText(String row) {
        String value = row + "." + quoted();
        return type.equals("date")
                ? "(pg_catalog.to_json(" + value + ") operator(pg_catalog.#>>) '{}')"
                : value + "::pg_catalog.text";
    }

    /**
     * SQL that returns the value as JSON text, {@code 'null'} for a null: dates as they are, never shifted; times as UTC with
     * milliseconds, whatever the session's zone; exact numbers.
     */
    public String json(String row, String timeZone) {
        return switch (type) {
            case "bool", "int2", "int4", "int8" -> "coalesce(" + row + "." + quoted() + "::text, 'null')";
            default -> "coalesce(to_json(" + value(row, timeZone) + ")::text, 'null')";
        };
    }

    /** SQL that returns the value in the type that PostgreSQL converts to that JSON. */
    String value(String row, String timeZone) {
        String value = row + "." + quoted();
        return switch (type) {
            case "bool", "int2", "int4", "int8", "float4", "float8", "numeric", "date", "inet", "cidr" -> value;
            case "timestamptz" -> moment(value, value + " at time zone 'UTC'");
            case "timestamp" -> moment(value, value + " at time zone " + Sql.text(timeZone) + " at time zone 'UTC'");
            default -> value + "::text";
        };
    }

    /** Whether the JSON is a free text. */
    boolean isFreeText() {
        return switch (type) {
            case "bool",
                    "int2",
                    "int4",
                    "int8",
                    "float4",
                    "float8",
                    "numeric",
                    "date",
                    "time",
                    "timetz",
                    "timestamp",
                    "timestamptz",
                    "uuid",
                    "inet",
                    "cidr" -> false;
            default -> true;
        };
    }

    /** SQL that converts a text from a CRM to a value, the inverse of {@link #json}; null stays null. */
    public String ofText(String text, String timeZone) {
        String value = type.equals("timestamp") ? text + "::timestamptz at time zone " + Sql.text(timeZone) : text;
        return "(" + value + ")::" + sqlType;
    }

    /** Formats a time; infinity and years before Christ, which have no such form, keep PostgreSQL's text. */
    private static String moment(String value, String utc) {
        return "case when isfinite(" + value + ") and " + value + " >= '0001-01-02' then to_char(" + utc
                + ", 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') else to_json(" + utc + ") #>> '{}' end";
    }

    /**
     * SQL that is true when two versions of the row differ in this column, null being a value, whatever the search path: {@code
     * is distinct from} would use the first {@code =} in the path. It calls no function of Sluice, which an administrator could
     * drop under the application's statement.
     */
    String differs(String before, String after) {
        return "coalesce(" + comparable(before) + " operator(pg_catalog.<>) " + comparable(after) + ", (" + before + "."
                + quoted() + " is null) operator(pg_catalog.<>) (" + after + "." + quoted() + " is null))";
    }

    /** SQL that is true when two versions of the row have the same key, whatever the search path. */
    String same(String before, String after) {
        return comparable(before) + " operator(pg_catalog.=) " + comparable(after);
    }

    /**
     * Compares text byte by byte: a collation may treat Anna and ANNA as equal. Types that may have no equality (json, xml, an
     * extension's type) are compared as text.
     */
    private String comparable(String row) {
        String value = row + "." + quoted();
        return switch (type) {
            case "bool",
                    "int2",
                    "int4",
                    "int8",
                    "float4",
                    "float8",
                    "numeric",
                    "uuid",
                    "date",
                    "timestamp",
                    "timestamptz",
                    "time",
                    "timetz",
                    "jsonb",
                    "inet" -> value + "::pg_catalog." + Sql.name(type);
            case "cidr" -> value + "::pg_catalog.inet";
            default -> value + "::pg_catalog.text collate pg_catalog.\"C\"";
        };
    }
}
