// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import io.sluice.Backoff;
import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.Sync;
import io.sluice.capture.Capture;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Holds the table {@code app.customer} and its sync with {@code contacts} of the account {@code crm}, for tests that send step by step. */
public final class CustomerSync {

    private static final String TABLE = "app.customer";

    public final Sync sync = new Sync();
    public final Capture capture;
    private final TestDatabase database;
    private final Outbox outbox;
    private final Settlement settlement;

    public CustomerSync(TestDatabase database) {
        this.database = database;
        capture = new Capture(database.sluice(), 1_000, WriteDebounce.NONE);
        outbox = new Outbox(database.sluice(), Duration.ofMinutes(1));
        settlement = new Settlement(database.sluice(), Backoff.NONE, WriteDebounce.NONE);
    }

    /**
     * Empties the database, makes the table and starts the sync.
     *
     * @param columns beside the key {@code no}
     * @param row     values of the only row
     * @param fields  column to field
     */
    public void start(String columns, String row, Map<String, String> fields) throws SQLException {
        database.reset();
        database.run(
                "create table " + TABLE + " (no int primary key, " + columns + ")",
                "insert into " + TABLE + " values (" + row + ")");
        sync.setName("customers");
        sync.setTable(TABLE);
        sync.setKey("no");
        sync.setAccount("crm");
        sync.setObject("contacts");
        sync.setExternalId("no");
        sync.setFields(fields);
        capture.start(List.of(sync));
    }

    public void drain() throws SQLException {
        capture.drain(TABLE);
    }

    /** Captures and claims the waiting changes. */
    public Optional<Claim> claim() throws SQLException {
        drain();
        return outbox.claim("crm", 200, Priority.LOW);
    }

    /** Settles all records of a claim as done; the one of key 1 has the id x1. */
    public void settle(Claim claim) throws SQLException {
        settle(
                claim,
                claim.changes().stream()
                        .map(it -> Outcome.done(it.key(), "x" + it.key()))
                        .toList());
    }

    public void settle(Claim claim, List<Outcome> outcomes) throws SQLException {
        settlement.settle(claim, outcomes);
    }

    /** @return the fields of each record that was sent */
    public List<Map<String, Object>> sendAll() throws SQLException {
        List<Map<String, Object>> sent = new ArrayList<>();
        for (Optional<Claim> claim = claim(); claim.isPresent(); claim = claim()) {
            claim.get().changes().forEach(change -> sent.add(change.fields()));
            settle(claim.get());
        }
        return sent;
    }
}
