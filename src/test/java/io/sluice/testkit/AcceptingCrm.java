// SPDX-License-Identifier: Apache-2.0
package io.sluice.testkit;

import io.sluice.Backoff;
import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.capture.Capture;
import io.sluice.outbox.Claim;
import io.sluice.outbox.Outbox;
import io.sluice.outbox.Settlement;
import io.sluice.outbox.WriteDebounce;
import io.sluice.store.Database;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Takes the changes of app.customer from the outbox of the account crm and accepts all of them. */
public final class AcceptingCrm {

    private final Capture capture;
    private final Outbox outbox;
    private final Settlement settlement;
    private final String idPrefix;

    /** @param idPrefix beginning of the CRM's ids, followed by the record's key */
    public AcceptingCrm(Database database, Capture capture, String idPrefix) {
        this.capture = capture;
        this.outbox = new Outbox(database, Duration.ofMinutes(1));
        this.settlement = new Settlement(database, Backoff.NONE, WriteDebounce.NONE);
        this.idPrefix = idPrefix;
    }

    /** Accepts all waiting changes, those in the change log too, and answers their fields. */
    public List<Map<String, Object>> acceptAll() throws SQLException {
        List<Map<String, Object>> sent = new ArrayList<>();
        capture.drain("app.customer");
        for (Optional<Claim> claim = claim(); claim.isPresent(); claim = claim()) {
            claim.get().changes().forEach(change -> sent.add(change.fields()));
            accept(claim.get());
        }
        return sent;
    }

    public Optional<Claim> claim() throws SQLException {
        return outbox.claim("crm", 200, Priority.LOW);
    }

    public void accept(Claim claim) throws SQLException {
        settlement.settle(
                claim,
                claim.changes().stream()
                        .map(change -> Outcome.done(change.key(), idPrefix + change.key()))
                        .toList());
    }
}
