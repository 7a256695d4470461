// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.salesforce.pubsub.Gate;
import io.sluice.sandbox.salesforce.pubsub.Visitor;
import io.sluice.sandbox.salesforce.streaming.Streaming;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Accounts;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.Table;
import java.util.Optional;

/** Lets the clients of the Pub/Sub API in with the sessions of the REST API, and counts their calls. */
final class PubSubGate implements Gate {

    private final Accounts accounts;
    private final Sessions sessions;
    private final Streaming streaming;

    PubSubGate(Accounts accounts, Sessions sessions, Streaming streaming) {
        this.accounts = accounts;
        this.sessions = sessions;
        this.streaming = streaming;
    }

    @Override
    public Optional<Visitor> visitor(String token) {
        return sessions.find(token)
                .map(session -> new Visitor(
                        session.account(),
                        streaming.reader(session.account()),
                        () -> sessions.find(token)
                                .filter(Sessions.Session::valid)
                                .isPresent(),
                        (event, values) -> publish(session.account(), event, values)));
    }

    /** Creates an event; answers the reason when the org rejects it, or null. */
    private String publish(Account account, String event, JsonNode values) {
        Table table = account.store().table(event).orElseThrow();
        Request.Attempt attempt =
                accounts.background(account, "pubsubPublish", event, null).attempt();
        Outcome outcome = RecordWriter.write(
                account.store(),
                attempt,
                new SaveOptions(SalesforceDefaults.API_USER, "", false, false),
                writer -> writer.create(table, new SentRecord.Json(values)));
        return outcome instanceof Outcome.Rejected rejected
                ? rejected.errors().get(0).message()
                : null;
    }

    @Override
    public String organization() {
        return SalesforceDefaults.ORGANIZATION;
    }

    @Override
    public void count(Account account, String operation) {
        accounts.countExempt(account, operation);
    }
}
