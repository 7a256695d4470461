// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

import io.sluice.Sync;
import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;

/**
 * Compares a table with Sluice's state of its records, and enters differences into the change log: rows that differ from the
 * values that their CRM has or is about to get, and known keys without a row. It reads both by pages, each in a transaction of
 * its own, so that a large table holds no snapshot for long.
 */
final class TableComparison {

    private static final int PAGE = 10_000;

    private final Database database;
    private final CapturedTable capturedTable;

    TableComparison(Database database, CapturedTable capturedTable) {
        this.database = database;
        this.capturedTable = capturedTable;
    }

    private record Page(long read, long found, String last) {

        static Page of(ResultSet row) throws SQLException {
            return new Page(row.getLong("read"), row.getLong("found"), row.getString("last"));
        }
    }

    /** @param known number of known keys; those without a row are gone */
    record Gone(long known, long gone) {}

    boolean isEmpty() throws SQLException {
        return !database.first("select exists (select from " + capturedTable.quoted() + ")", row -> row.getBoolean(1))
                .orElseThrow();
    }

    /** Enters the rows that differ. @return their number */
    long enterChanged() throws SQLException {
        String compared = changedSql(true);
        String unread = changedSql(false);
        long entered = 0;
        String last = null;
        Page page;
        do {
            page = page(compared, unread, last);
            entered += page.found();
            last = page.last();
        } while (page.read() == PAGE);
        return entered;
    }

    /** Enters all rows of a page where one can't be read: the drain finds out which. */
    private Page page(String sql, String otherwise, String last) throws SQLException {
        try {
            return database.planned(connection ->
                    Database.query(connection, sql, Page::of, last, last).get(0));
        } catch (SQLException failure) {
            if (DatabaseFailure.of(failure) != DatabaseFailure.DATA) {
                throw failure;
            }
            return database.planned(connection ->
                    Database.query(connection, otherwise, Page::of, last, last).get(0));
        }
    }

    private String changedSql(boolean compared) {
        String alias = capturedTable.alias();
        String key = alias + "." + capturedTable.key().quoted();
        StringBuilder fields = new StringBuilder();
        StringBuilder joins = new StringBuilder();
        StringBuilder differs = new StringBuilder();
        for (int i = 0; compared && i < capturedTable.syncs().size(); i++) {
            Sync sync = capturedTable.syncs().get(i);
            fields.append(", ")
                    .append(DrainSql.object(sync.getFields().entrySet().stream()
                            .map(entry -> Map.entry(
                                    entry.getValue(),
                                    capturedTable.column(entry.getKey()).value(alias, capturedTable.timeZone())))
                            .toList()))
                    .append(" as sluice_")
                    .append(i);
            joins.append(
                    """

                    left join lateral (
                        select base from sluice.sync_state
                        where account = %1$s and object = %2$s and key = sluice_page.sluice_key limit 1) as r_%3$d on true
                    left join lateral (
                        select inflight, fields from sluice.outbox
                        where account = %1$s and object = %2$s and key = sluice_page.sluice_key limit 1) as o_%3$d on true"""
                            .formatted(Sql.text(sync.getAccount()), Sql.text(sync.getObject()), i));
            differs.append(i == 0 ? "" : " and ")
                    .append(
                            """
                    coalesce(r_%1$d.base, '{}') || coalesce(o_%1$d.inflight, '{}') || coalesce(o_%1$d.fields, '{}')
                    @> sluice_page.sluice_%1$d"""
                                    .formatted(i));
        }
        return """
                with sluice_page as materialized (
                    select %1$s as sluice_key, %2$s as sluice_native%3$s
                    from %4$s as %5$s where ?::text is null or %2$s > (?::text)::%6$s order by %2$s limit %7$d),
                differing as (select sluice_key from sluice_page%8$s where %9$s),
                entered as (%10$s returning records)
                select (select count(*) from sluice_page) as read, (select coalesce(sum(records), 0) from entered) as found,
                       (select sluice_key from sluice_page order by sluice_native desc limit 1) as last"""
                .formatted(
                        capturedTable.key().keyText(alias),
                        key,
                        fields,
                        capturedTable.quoted(),
                        alias,
                        capturedTable.key().sqlType(),
                        PAGE,
                        joins,
                        compared ? "not (" + differs + ")" : "true",
                        ChangeLog.append(
                                Sql.text(capturedTable.table()),
                                "select sluice_key as key, 'R' as op, null::text[] as columns from differing"));
    }

    /** Counts the known keys without a row. */
    Gone countGone() throws SQLException {
        return gone(false);
    }

    /** Enters the known keys without a row as deletes. */
    Gone enterGone() throws SQLException {
        return gone(true);
    }

    private Gone gone(boolean enter) throws SQLException {
        long known = 0;
        long gone = 0;
        for (String table : List.of("sync_state", "outbox")) {
            String last = "";
            Page page;
            do {
                page = gonePage(table, enter, last);
                known += page.read();
                gone += page.found();
                last = page.last();
            } while (page.read() == PAGE);
        }
        return new Gone(known, gone);
    }

    /** Counts a page, also where a key can't be cast to the column's type: such a key has no row either. */
    private Page gonePage(String table, boolean enter, String last) throws SQLException {
        try {
            return goneSql(table, enter, true, last);
        } catch (SQLException failure) {
            if (DatabaseFailure.of(failure) != DatabaseFailure.DATA) {
                throw failure;
            }
            return goneSql(table, enter, false, last);
        }
    }

    private Page goneSql(String table, boolean enter, boolean indexed, String last) throws SQLException {
        String alias = capturedTable.alias();
        String found = indexed
                ? alias + "." + capturedTable.key().quoted() + " = sluice_known.key::"
                        + capturedTable.key().sqlType()
                : capturedTable.key().keyText(alias) + " = sluice_known.key";
        String sql =
                """
                with sluice_known as materialized (
                    select key from sluice.%1$s where key > ? and sync = any(?)%2$s order by key limit %3$d),
                gone as materialized (
                    select sluice_known.key from sluice_known
                    left join lateral (select true as present from %4$s as %5$s where %6$s limit 1) as t on true
                    where t.present is null)%7$s
                select (select count(*) from sluice_known) as read, (select count(*) from gone) as found,
                       (select max(key) from sluice_known) as last"""
                        .formatted(
                                table,
                                table.equals("outbox")
                                        ? " and operation = 'upsert' and not exists (select from sluice.sync_state r"
                                                + " where r.key = outbox.key and r.object = outbox.object and r.account = outbox.account)"
                                        : " and not exists (select from sluice.outbox o where o.key = sync_state.key and o.object = sync_state.object"
                                                + " and o.account = sync_state.account and 'delete' in (o.operation, o.inflight_operation))",
                                PAGE,
                                capturedTable.quoted(),
                                alias,
                                found,
                                enter
                                        ? ",\nentered as ("
                                                + ChangeLog.append(
                                                        Sql.text(capturedTable.table()),
                                                        "select distinct key, 'D' as op, null::text[] as columns from gone")
                                                + ")"
                                        : "");
        return database.planned(connection -> Database.query(connection, sql, Page::of, last, names(connection))
                .get(0));
    }

    private java.sql.Array names(Connection connection) throws SQLException {
        return Database.texts(connection, capturedTable.syncs(), Sync::getName);
    }
}
