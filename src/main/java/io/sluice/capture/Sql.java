package io.sluice.capture;

/** Quoting for the SQL that is made from a sync's names. */
public final class Sql {

    private Sql() {
    }

    public static String name(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    public static String table(String schemaAndTable) {
        int dot = schemaAndTable.indexOf('.');
        return name(schemaAndTable.substring(0, dot)) + "." + name(schemaAndTable.substring(dot + 1));
    }

    public static String text(String text) {
        return "'" + text.replace("'", "''") + "'";
    }
}
