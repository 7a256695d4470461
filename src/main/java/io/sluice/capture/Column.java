package io.sluice.capture;

/**
 * A column of a synced table and how its value becomes JSON.
 *
 * @param type PostgreSQL's name of the base type; a domain counts as what it is made of
 */
record Column(String name, String type, boolean notNull) {

    String quoted() {
        return Sql.name(name);
    }

    /** Types that JSON's numbers and booleans hold; everything else is sent as text. */
    private boolean literal() {
        return switch (type) {
            case "int2", "int4", "int8", "bool", "float4", "float8", "numeric" -> true;
            default -> false;
        };
    }

    /** Why a CRM field can't hold it, or null when it can. */
    String refusal() {
        if (type.startsWith("_")) {
            return "is an array, which no CRM field holds; join it in a view or a generated column first";
        }
        return switch (type) {
            case "bytea" -> "is binary, which no CRM field holds";
            case "record" -> "is a composite value; map its parts through generated columns";
            case "money" -> "is of type money, whose text depends on the server's locale; use numeric";
            default -> null;
        };
    }

    /**
     * SQL that yields the value as JSON text, {@code 'null'} for a null: dates as they are, never shifted; moments as
     * UTC with milliseconds, whatever the session's zone; numbers exact.
     */
    String json(String row, String timeZone) {
        String value = row + "." + quoted();
        return switch (type) {
            case "bool", "int2", "int4", "int8" -> "coalesce(" + value + "::text, 'null')";
            case "float4", "float8", "numeric", "date" -> "coalesce(to_json(" + value + ")::text, 'null')";
            case "timestamptz" -> moment(value + " at time zone 'UTC'");
            case "timestamp" -> moment(value + " at time zone " + Sql.text(timeZone) + " at time zone 'UTC'");
            default -> "coalesce(to_json(" + value + "::text)::text, 'null')";
        };
    }

    private static String moment(String utc) {
        return "coalesce('\"' || to_char(" + utc + ", 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') || '\"', 'null')";
    }

    /** SQL that is true when two versions of the row differ here; json, xml and the like have no equality. */
    String differs(String before, String after) {
        String suffix = literal() || comparable() ? "" : "::text";
        return before + "." + quoted() + suffix + " is distinct from " + after + "." + quoted() + suffix;
    }

    private boolean comparable() {
        return switch (type) {
            case "text", "varchar", "bpchar", "uuid", "date", "timestamp", "timestamptz", "time", "jsonb" -> true;
            default -> false;
        };
    }
}
