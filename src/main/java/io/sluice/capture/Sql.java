package io.sluice.capture;

/** Quoting for the SQL that is made from a sync's names. */
final class Sql {

    private Sql() {
    }

    static String name(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    static String table(String schemaAndTable) {
        int dot = schemaAndTable.indexOf('.');
        return name(schemaAndTable.substring(0, dot)) + "." + name(schemaAndTable.substring(dot + 1));
    }

    static String text(String text) {
        return "'" + text.replace("'", "''") + "'";
    }
}
