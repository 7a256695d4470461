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
 * How PostgreSQL's catalogue describes a captured table: its relations, our triggers on them, its mapped columns, and the
 * tables that the triggers write. Each line bears the transaction that wrote it last, so that what was disabled and enabled
 * again, dropped and made again, or renamed and renamed back, is not what it was. The log that is empty because somebody
 * truncated it is another one too.
 */
final class Signature {

    private static final String LINES = """
            with tree as (
                select to_regclass(?)::oid as oid
                union select inhrelid from pg_inherits where inhparent = to_regclass(?)
                union select relid from pg_partition_tree(to_regclass(?))),
            relation as (
                select c.oid, format('%I.%I', n.nspname, c.relname) as name
                from tree join pg_class c on c.oid = tree.oid join pg_namespace n on n.oid = c.relnamespace
                where c.relkind in ('r', 'p'))
            select 'relation' as kind, name, oid::text as detail from relation
            union all
            select 'trigger', t.tgname || ' of ' || r.name, t.tgenabled::text || ' ' || t.xmin::text || ' ' || p.proname
            from relation r join pg_trigger t on t.tgrelid = r.oid
            join pg_proc p on p.oid = t.tgfoid and p.pronamespace = 'sluice'::regnamespace
            union all
            select 'column', a.attname::text, concat_ws(' ', a.atttypid, a.atttypmod, a.xmin::text)
            from pg_attribute a
            where a.attrelid = to_regclass(?) and a.attname = any(?) and a.attnum > 0 and not a.attisdropped
            union all
            select 'log', 'sluice.' || c.relname, concat_ws(' ', c.oid, c.xmin::text, n.xmin::text)
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname = 'sluice' and c.relname in ('change_log', 'capture_gap')
            order by 1, 2""";

    private static final int NAMED = 3;

    private Signature() {
    }

    static String read(Connection connection, Source source) throws SQLException {
        Set<String> columns = source.mapped().stream().map(Column::name).collect(Collectors.toCollection(TreeSet::new));
        columns.add(source.key().name());
        String quoted = source.quoted();
        return String.join("\n", Database.query(connection, LINES,
                row -> row.getString(1) + "\t" + row.getString(2) + "\t" + row.getString(3), quoted, quoted, quoted, quoted,
                Database.texts(connection, columns)));
    }

    /** What differs, in words. */
    static String difference(String before, String after) {
        Map<String, String> old = lines(before);
        Map<String, String> now = lines(after);
        List<String> words = new ArrayList<>();
        now.forEach((name, detail) -> {
            if (!old.containsKey(name)) {
                words.add(name + " is new");
            } else if (!old.get(name).equals(detail)) {
                words.add(name + (name.startsWith("relation") ? " is another one than before"
                        : name.startsWith("log") ? " was away, emptied or altered" : " was altered or disabled"));
            }
        });
        old.keySet().stream().filter(name -> !now.containsKey(name)).forEach(name -> words.add(name + " is gone"));
        if (words.stream().anyMatch(word -> word.startsWith("relation"))) {
            // another relation has other triggers and columns
            words.removeIf(word -> !word.startsWith("relation"));
        }
        return words.size() <= NAMED ? String.join(", ", words)
                : String.join(", ", words.subList(0, NAMED)) + " and " + (words.size() - NAMED) + " more";
    }

    private static Map<String, String> lines(String signature) {
        Map<String, String> lines = new LinkedHashMap<>();
        for (String line : signature.split("\n")) {
            int end = line.lastIndexOf('\t');
            if (end > 0) {
                lines.put(line.substring(0, end).replace('\t', ' '), line.substring(end + 1));
            }
        }
        return lines;
    }
}
