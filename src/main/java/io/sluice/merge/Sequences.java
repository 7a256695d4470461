package io.sluice.merge;

import io.sluice.capture.CapturedTable;
import io.sluice.capture.Column;
import io.sluice.store.Database;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Moves the sequences of a table past numbers that come from a CRM: the application's next insert would be given one of them
 * and fail as a duplicate.
 *
 * <p>A sequence is moved by {@code nextval} alone, so that it never goes back whoever takes numbers at the same moment;
 * {@code setval} can't promise that. It goes only as far as there are numbers, and never over a gap of more than
 * {@value #WINDOW} numbers: whoever gives the CRM a range of numbers of its own keeps it, and one absurd number does not use
 * the sequence up. A number in such a distance costs the application one failed insert when its sequence gets there.
 *
 * <p>Example: the table has the numbers 1 to 5, the CRM brings 8. The sequence stands at 8 then, and the application's next
 * row is 9. Where the sequence counts by twos from 1, it never gives 8, and stays.
 */
final class Sequences {

    private static final int WINDOW = 100_000;

    /** Whole columns with a unique index of their own, whose numbers are those of a sequence and that count upwards. */
    private static final String SEQUENCES = """
            select a.attname, s.seqrelid::regclass::text, s.seqincrement
            from pg_attribute a
            join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = a.attrelid and d.refobjsubid = a.attnum
                and d.classid = 'pg_class'::regclass and d.deptype = 'i' and a.attidentity <> ''
            join pg_sequence s on s.seqrelid = d.objid
            where %1$s
            union
            select a.attname, s.seqrelid::regclass::text, s.seqincrement
            from pg_attribute a
            join pg_attrdef f on f.adrelid = a.attrelid and f.adnum = a.attnum and a.attgenerated = ''
                and pg_get_expr(f.adbin, f.adrelid) ~ '^nextval\\(''[^'']+''::regclass\\)(::[a-z0-9_."]+)?$'
            join pg_depend d on d.classid = 'pg_attrdef'::regclass and d.objid = f.oid and d.refclassid = 'pg_class'::regclass
            join pg_sequence s on s.seqrelid = d.refobjid
            where %1$s""".formatted("""
            a.attrelid = to_regclass(?) and s.seqincrement > 0
              and has_sequence_privilege(s.seqrelid, 'select') and has_sequence_privilege(s.seqrelid, 'usage')
              and exists (select from pg_index i where i.indrelid = a.attrelid and i.indisunique and i.indisvalid
                          and i.indpred is null and i.indnkeyatts = 1 and i.indkey[0] = a.attnum)""");

    /** The number after which the sequence goes on. */
    private static final String POSITION = "select case when is_called then last_value else last_value - ? end from %s";

    private static final String AHEAD = """
            select max(n) from (
                (select t.%1$s::bigint as n from %2$s as t
                 where t.%1$s > ?::bigint and t.%1$s <= ?::bigint and (t.%1$s - ?::bigint) %% ?::bigint = 0
                 order by t.%1$s desc limit 1)
                union all
                select n from unnest(?::bigint[]) as n) as ahead""";

    private record Sequence(String name, long increment) { }

    private final CapturedTable capturedTable;
    private Map<String, Sequence> sequences;

    Sequences(CapturedTable capturedTable) {
        this.capturedTable = capturedTable;
    }

    /** @param values that are about to be written into the column, in any form; what is no whole number is passed over */
    void pass(Connection connection, Column column, Collection<?> values) throws SQLException {
        if (!List.of("int2", "int4", "int8").contains(column.type())) {
            return;
        }
        Sequence sequence = sequences(connection).get(column.name());
        if (sequence == null) {
            return;
        }
        List<Long> numbers = values.stream().map(Sequences::number).filter(Objects::nonNull).toList();
        long position = position(connection, sequence);
        while (true) {
            long from = position;
            long to = from > Long.MAX_VALUE - WINDOW * sequence.increment() ? Long.MAX_VALUE : from + WINDOW * sequence.increment();
            List<Long> ahead = numbers.stream().filter(n -> n > from && (n - from) % sequence.increment() == 0).toList();
            if (ahead.isEmpty()) {
                return;
            }
            Long furthest = Database.query(connection, AHEAD.formatted(column.quoted(), capturedTable.quoted()),
                    row -> row.getObject(1, Long.class), from, to, from, sequence.increment(),
                    connection.createArrayOf("bigint", ahead.stream().filter(n -> n <= to).toArray())).get(0);
            if (furthest == null) {
                return;
            }
            // numbers that this session keeps back would be taken first, and not move the sequence
            Database.update(connection, "discard sequences");
            Database.query(connection, "select max(nextval(?::regclass)) from generate_series(1, ?::bigint)", row -> null,
                    sequence.name(), (furthest - from) / sequence.increment());
            position = position(connection, sequence);
            if (position <= from) {
                return;   // it began anew at its end
            }
        }
    }

    private static long position(Connection connection, Sequence sequence) throws SQLException {
        return Database.query(connection, POSITION.formatted(sequence.name()), row -> row.getLong(1), sequence.increment()).get(0);
    }

    private Map<String, Sequence> sequences(Connection connection) throws SQLException {
        if (sequences == null) {
            Map<String, Sequence> found = new HashMap<>();
            Database.query(connection, SEQUENCES, row -> found.put(row.getString(1),
                    new Sequence(row.getString(2), row.getLong(3))), capturedTable.quoted(), capturedTable.quoted());
            sequences = found;
        }
        return sequences;
    }

    private static Long number(Object value) {
        try {
            return value == null ? null : new BigDecimal(value.toString().strip()).longValueExact();
        } catch (ArithmeticException | NumberFormatException none) {
            return null;
        }
    }
}
