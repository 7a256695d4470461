// SPDX-License-Identifier: Apache-2.0
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
 * Advances the sequences of a table past numbers that come from a CRM. Otherwise the application's next insert would get one of
 * these numbers and fail as a duplicate.
 *
 * <p>A sequence is advanced by {@code nextval} alone, so that it never goes back while other transactions take numbers;
 * {@code setval} does not guarantee that (https://www.postgresql.org/docs/current/functions-sequence.html). It advances only to
 * existing numbers and never over a gap of more than {@value #WINDOW}: a range of numbers that is reserved for the CRM stays
 * reserved, and one absurd number does not use up the sequence. A number beyond such a gap costs the application one failed
 * insert when its sequence reaches the number.
 *
 * <p>For example, the table has the numbers 1 to 5 and the CRM brings 8. Then the sequence advances to 8, and the application's
 * next row gets 9. If the sequence counts by twos from 1, it never returns 8 and does not advance.
 */
final class Sequences {

    private static final int WINDOW = 100_000;

    /** Selects the columns with a unique index of their own and an ascending sequence. */
    private static final String SEQUENCES =
            """
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
            where %1$s"""
                    .formatted(
                            """
            a.attrelid = to_regclass(?) and s.seqincrement > 0
              and has_sequence_privilege(s.seqrelid, 'select') and has_sequence_privilege(s.seqrelid, 'usage')
              and exists (select from pg_index i where i.indrelid = a.attrelid and i.indisunique and i.indisvalid
                          and i.indpred is null and i.indnkeyatts = 1 and i.indkey[0] = a.attnum)""");

    /** Selects the number after which the sequence continues. */
    private static final String POSITION = "select case when is_called then last_value else last_value - ? end from %s";

    private static final String AHEAD =
            """
            select max(n) from (
                (select t.%1$s::bigint as n from %2$s as t
                 where t.%1$s > ?::bigint and t.%1$s <= ?::bigint and (t.%1$s - ?::bigint) %% ?::bigint = 0
                 order by t.%1$s desc limit 1)
                union all
                select n from unnest(?::bigint[]) as n) as ahead""";

    private record Sequence(String name, long increment) {}

    private final CapturedTable capturedTable;
    private Map<String, Sequence> sequences;

    Sequences(CapturedTable capturedTable) {
        this.capturedTable = capturedTable;
    }

    /** @param values values that are about to be written into the column, in any form; only whole numbers count */
    void pass(Connection connection, Column column, Collection<?> values) throws SQLException {
        if (!List.of("int2", "int4", "int8").contains(column.type())) {
            return;
        }
        Sequence sequence = sequences(connection).get(column.name());
        if (sequence == null) {
            return;
        }
        List<Long> numbers =
                values.stream().map(Sequences::number).filter(Objects::nonNull).toList();
        long position = position(connection, sequence);
        while (true) {
            long from = position;
            long to = from > Long.MAX_VALUE - WINDOW * sequence.increment()
                    ? Long.MAX_VALUE
                    : from + WINDOW * sequence.increment();
            List<Long> ahead = numbers.stream()
                    .filter(n -> n > from && (n - from) % sequence.increment() == 0)
                    .toList();
            if (ahead.isEmpty()) {
                return;
            }
            Long furthest = Database.query(
                            connection,
                            AHEAD.formatted(column.quoted(), capturedTable.quoted()),
                            row -> row.getObject(1, Long.class),
                            from,
                            to,
                            from,
                            sequence.increment(),
                            connection.createArrayOf(
                                    "bigint",
                                    ahead.stream().filter(n -> n <= to).toArray()))
                    .get(0);
            if (furthest == null) {
                return;
            }
            // numbers that this session has cached would be used first and would not advance the sequence
            Database.update(connection, "discard sequences");
            Database.query(
                    connection,
                    "select max(nextval(?::regclass)) from generate_series(1, ?::bigint)",
                    row -> null,
                    sequence.name(),
                    (furthest - from) / sequence.increment());
            position = position(connection, sequence);
            if (position <= from) {
                return; // the sequence has cycled
            }
        }
    }

    private static long position(Connection connection, Sequence sequence) throws SQLException {
        return Database.query(
                        connection, POSITION.formatted(sequence.name()), row -> row.getLong(1), sequence.increment())
                .get(0);
    }

    private Map<String, Sequence> sequences(Connection connection) throws SQLException {
        if (sequences == null) {
            Map<String, Sequence> found = new HashMap<>();
            Database.query(
                    connection,
                    SEQUENCES,
                    row -> found.put(row.getString(1), new Sequence(row.getString(2), row.getLong(3))),
                    capturedTable.quoted(),
                    capturedTable.quoted());
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
