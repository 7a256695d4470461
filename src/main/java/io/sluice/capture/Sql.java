// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

/** Quotes names and texts for SQL that is built from a sync. */
public final class Sql {

    private Sql() {}

    public static String name(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    public static String table(String schemaAndTable) {
        int dot = schemaAndTable.indexOf('.');
        return name(schemaAndTable.substring(0, dot)) + "." + name(schemaAndTable.substring(dot + 1));
    }

    /** A literal that means the same whether the session has {@code standard_conforming_strings} or not. */
    public static String text(String text) {
        String quoted = "'" + text.replace("'", "''") + "'";
        return text.indexOf('\\') < 0 ? quoted : "E" + quoted.replace("\\", "\\\\");
    }
}
