package io.sluice.capture;

/**
 * A column of a synced table and how its value becomes JSON.
 *
 * @param type    PostgreSQL's name of the built-in type, a domain counting as what it is made of; {@link #ARRAY},
 *                {@link #COMPOSITE} and {@link #OTHER} for the rest
 * @param sqlType the declared type, quoted and with its schema, as a cast takes it
 */
public record Column(String name, String type, String sqlType, boolean notNull) {

    static final String ARRAY = "array";
    static final String COMPOSITE = "composite";
    /** Enums and what extensions bring. */
    static final String OTHER = "other";

    public String quoted() {
        return Sql.name(name);
    }

    /** Why a CRM field can't hold it, or null when it can. */
    String refusal() {
        return switch (type) {
            case ARRAY -> "is an array, which no CRM field holds; join it in a view or a generated column first";
            case COMPOSITE -> "is a composite value; map its parts through generated columns";
            case "bytea" -> "is binary, which no CRM field holds";
            case "money" -> "is of type money, whose text depends on the server's locale; use numeric";
            case "interval" -> "is of type interval, whose text depends on the session's settings; use a number of days"
                    + " or seconds";
            default -> null;
        };
    }

    /** Why it can't identify a row, or null when it can: the same value must have the same text in every session. */
    String keyRefusal() {
        return switch (type) {
            case "float4", "float8", "timestamp", "timestamptz", "timetz", "json", "jsonb", "xml" ->
                    "is of type " + type + ", whose text is not the same everywhere; use a number, a text or a uuid";
            default -> refusal();
        };
    }

    /** SQL that yields the key as text, the same in every session. */
    public String keyText(String row) {
        String value = row + "." + quoted();
        return type.equals("date") ? "(pg_catalog.to_json(" + value + ") operator(pg_catalog.#>>) '{}')"
                : value + "::pg_catalog.text";
    }

    /**
     * SQL that yields the value as JSON text, {@code 'null'} for a null: dates as they are, never shifted; moments as
     * UTC with milliseconds, whatever the session's zone; numbers exact.
     */
    public String json(String row, String timeZone) {
        return switch (type) {
            case "bool", "int2", "int4", "int8" -> "coalesce(" + row + "." + quoted() + "::text, 'null')";
            default -> "coalesce(to_json(" + value(row, timeZone) + ")::text, 'null')";
        };
    }

    /** SQL that yields the value in the type of which PostgreSQL makes that JSON. */
    String value(String row, String timeZone) {
        String value = row + "." + quoted();
        return switch (type) {
            case "bool", "int2", "int4", "int8", "float4", "float8", "numeric", "date", "inet", "cidr" -> value;
            case "timestamptz" -> moment(value, value + " at time zone 'UTC'");
            case "timestamp" -> moment(value, value + " at time zone " + Sql.text(timeZone) + " at time zone 'UTC'");
            default -> value + "::text";
        };
    }

    /** Whether its JSON is a text that may hold anything. */
    boolean isFreeText() {
        return switch (type) {
            case "bool", "int2", "int4", "int8", "float4", "float8", "numeric", "date", "time", "timetz", "timestamp",
                    "timestamptz", "uuid", "inet", "cidr" -> false;
            default -> true;
        };
    }

    /** SQL that makes a value of a text as CRMs write it, the way back from {@link #json}; null stays null. */
    public String ofText(String text, String timeZone) {
        String value = type.equals("timestamp")
                ? text + "::timestamptz at time zone " + Sql.text(timeZone) : text;
        return "(" + value + ")::" + sqlType;
    }

    /** What has no such form, infinity or a year before Christ, stays what PostgreSQL calls it. */
    private static String moment(String value, String utc) {
        return "case when isfinite(" + value + ") and " + value + " >= '0001-01-02' then to_char(" + utc
                + ", 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') else to_json(" + utc + ") #>> '{}' end";
    }

    /**
     * SQL that is true when two versions of the row differ here, null being a value, whatever the search path: {@code is
     * distinct from} would take the {@code =} that the path finds first. It calls nothing of Sluice's own, which whoever
     * tidies the schema could drop under the application's statement.
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
     * Text is compared byte by byte: a collation may call Anna and ANNA equal. What may have no equality (json, xml,
     * an extension's type) is compared as text.
     */
    private String comparable(String row) {
        String value = row + "." + quoted();
        return switch (type) {
            case "bool", "int2", "int4", "int8", "float4", "float8", "numeric", "uuid", "date", "timestamp",
                    "timestamptz", "time", "timetz", "jsonb", "inet" -> value + "::pg_catalog." + Sql.name(type);
            case "cidr" -> value + "::pg_catalog.inet";
            default -> value + "::pg_catalog.text collate pg_catalog.\"C\"";
        };
    }
}
