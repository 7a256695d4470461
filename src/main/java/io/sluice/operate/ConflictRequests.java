// SPDX-License-Identifier: Apache-2.0
package io.sluice.operate;

import com.fasterxml.jackson.annotation.JsonRawValue;
import io.sluice.Sync;
import io.sluice.store.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.apache.camel.Exchange;

/** Answers API requests about conflicts, the newest first. */
public final class ConflictRequests {

    private static final String LIST =
            """
            select * from sluice.conflict
            where id < ? and account = coalesce(?::text, account) and sync = coalesce(?::text, sync)
              and key = coalesce(?::text, key)
            order by id desc limit ?""";

    private static final Set<String> PARAMETERS = Set.of("account", "sync", "key", "before", "limit");
    private static final int DEFAULT_LIMIT = 100;
    private static final int MAX_LIMIT = 1000;

    private final Database database;
    private final Collection<String> accounts;
    private final List<String> syncs;

    public ConflictRequests(Database database, Collection<String> accounts, List<Sync> syncs) {
        this.database = database;
        this.accounts = List.copyOf(accounts);
        this.syncs = syncs.stream().map(Sync::getName).toList();
    }

    /**
     * A field that both sides had changed.
     *
     * @param field  null if the record was deleted on one side
     * @param base   value that both sides had before, as JSON; null: not known
     * @param crm    the CRM's value
     * @param ours   the table's value
     * @param winner {@code crm} or {@code database}
     */
    record Conflict(
            long id,
            String account,
            String object,
            String sync,
            String key,
            String field,
            String winner,
            @JsonRawValue String base,
            @JsonRawValue String crm,
            Instant crmAt,
            @JsonRawValue String ours,
            Instant oursAt,
            Instant decidedAt) {

        static Conflict of(ResultSet row) throws SQLException {
            return new Conflict(
                    row.getLong("id"),
                    row.getString("account"),
                    row.getString("object"),
                    row.getString("sync"),
                    row.getString("key"),
                    row.getString("field"),
                    row.getString("winner"),
                    row.getString("base"),
                    row.getString("crm"),
                    Database.instant(row, "crm_at"),
                    row.getString("ours"),
                    Database.instant(row, "ours_at"),
                    Database.instant(row, "decided_at"));
        }
    }

    /** @param next id before which the next page begins, or null */
    private record Page(List<Conflict> conflicts, Long next) {}

    /** Lists a page of conflicts; {@code next} is the {@code before} of the next page, or null. */
    public void list(Exchange exchange) {
        ApiResponses.answer(exchange, () -> {
            ApiQuery query = ApiQuery.of(exchange, PARAMETERS);
            int limit = (int) query.number("limit", DEFAULT_LIMIT, 1, MAX_LIMIT);
            List<Conflict> found = database.query(
                    LIST,
                    Conflict::of,
                    query.number("before", Long.MAX_VALUE, 1, Long.MAX_VALUE),
                    query.known("account", accounts),
                    query.known("sync", syncs),
                    query.text("key"),
                    limit + 1);
            List<Conflict> page = found.subList(0, Math.min(limit, found.size()));
            return new Page(page, found.size() > limit ? page.get(limit - 1).id() : null);
        });
    }
}
