// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Reads the description of a captured table from PostgreSQL's catalogue: its relations, our triggers on them, its mapped
 * columns, their enums, whose values may be renamed without a statement that writes a row, and the tables that the triggers
 * write. Each line has the transaction that last wrote it, so that a trigger that was disabled and enabled again, or an object
 * that was dropped and re-created or renamed and renamed back, differs. A change log that somebody truncated differs too.
 */
final class TableSignature {

    private static final String LINES = "with recursive " + Triggers.TREE
            + """
            , relation as (
                select c.oid, format('%I.%I', n.nspname, c.relname) as name
                from tree join pg_class c on c.oid = tree.oid join pg_namespace n on n.oid = c.relnamespace
                where c.relkind in ('r', 'p')),
            mapped as (
                select a.attname, a.atttypid, a.atttypmod, a.xmin from pg_attribute a
                where a.attrelid = to_regclass(?) and a.attname = any(?) and a.attnum > 0 and not a.attisdropped),
            type (oid) as (
                select atttypid from mapped
                union
                select part.oid from type join pg_type t on t.oid = type.oid
                left join pg_range r on t.oid in (r.rngtypid, r.rngmultitypid)
                cross join lateral (values (t.typbasetype), (r.rngsubtype)) as part(oid) where part.oid <> 0)
            select 'relation' as kind, name, oid::text as detail from relation
            union all
            select 'trigger', t.tgname || ' of ' || r.name, concat_ws(' ', t.tgenabled, t.xmin::text, p.proname, p.xmin::text)
            from relation r join pg_trigger t on t.tgrelid = r.oid
            join pg_proc p on p.oid = t.tgfoid and p.pronamespace = 'sluice'::regnamespace
            union all
            select 'column', attname::text, concat_ws(' ', atttypid, atttypmod, xmin::text) from mapped
            union all
            select 'type', format_type(e.enumtypid, null), md5(string_agg(concat_ws(' ', e.oid, e.xmin::text), ',' order by e.oid))
            from pg_enum e join type on type.oid = e.enumtypid group by e.enumtypid
            union all
            select 'log', 'sluice.' || c.relname, concat_ws(' ', c.oid, c.xmin::text, n.xmin::text)
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname = 'sluice' and c.relname in ('change_log', 'capture_gap')
            order by 1, 2""";

    private static final int NAMED = 3;

    private TableSignature() {}

    static String read(Connection connection, CapturedTable capturedTable) throws SQLException {
        Set<String> columns =
                capturedTable.mapped().stream().map(Column::name).collect(Collectors.toCollection(TreeSet::new));
        columns.add(capturedTable.key().name());
        String quoted = capturedTable.quoted();
        return String.join(
                "\n",
                Database.query(
                        connection,
                        LINES,
                        row -> row.getString(1) + "\t" + row.getString(2) + "\t" + row.getString(3),
                        quoted,
                        quoted,
                        Database.texts(connection, columns)));
    }

    /** The signature without the columns and types that another one lacks: of two mappings only what both name is compared. */
    static String sharedWith(String other, String signature) {
        Set<String> names = lines(other).keySet();
        return signature
                .lines()
                .filter(line ->
                        !line.startsWith("column\t") && !line.startsWith("type\t") || names.contains(name(line)))
                .collect(Collectors.joining("\n"));
    }

    /** The differences, as a text. */
    static String difference(String before, String after) {
        Map<String, String> old = lines(before);
        Map<String, String> now = lines(after);
        List<String> words = new ArrayList<>();
        now.forEach((name, detail) -> {
            if (!old.containsKey(name)) {
                words.add(name + " is new");
            } else if (!old.get(name).equals(detail)) {
                words.add(name
                        + (name.startsWith("relation")
                                ? " was replaced"
                                : name.startsWith("log")
                                        ? " was missing, emptied or altered"
                                        : name.startsWith("type") ? " was altered" : " was altered or disabled"));
            }
        });
        old.keySet().stream().filter(name -> !now.containsKey(name)).forEach(name -> words.add(name + " is gone"));
        if (words.stream().anyMatch(word -> word.startsWith("relation"))) {
            // another relation has other triggers and columns
            words.removeIf(word -> !word.startsWith("relation"));
        }
        return words.size() <= NAMED
                ? String.join(", ", words)
                : String.join(", ", words.subList(0, NAMED)) + " and " + (words.size() - NAMED) + " more";
    }

    private static Map<String, String> lines(String signature) {
        Map<String, String> lines = new LinkedHashMap<>();
        for (String line : signature.split("\n")) {
            if (line.indexOf('\t') > 0) {
                lines.put(name(line), line.substring(line.lastIndexOf('\t') + 1));
            }
        }
        return lines;
    }

    private static String name(String line) {
        return line.substring(0, Math.max(0, line.lastIndexOf('\t'))).replace('\t', ' ');
    }
}
