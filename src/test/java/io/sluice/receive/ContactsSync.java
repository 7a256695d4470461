// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sluice.Sync;
import io.sluice.capture.Capture;
import io.sluice.crm.Accounts;
import io.sluice.crm.Permits;
import io.sluice.merge.Applier;
import io.sluice.outbox.PauseStore;
import io.sluice.outbox.WriteDebounce;
import io.sluice.quota.Limits;
import io.sluice.quota.Quota;
import io.sluice.quota.SavedCalls;
import io.sluice.store.Database;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A sync of the contacts of the account crm, and a poller of its journal or stream. */
final class ContactsSync {

    private ContactsSync() {}

    /** @param fields column to field */
    static Sync of(Map<String, String> fields) {
        Sync sync = new Sync();
        sync.setName("customers");
        sync.setTable("app.customer");
        sync.setKey("no");
        sync.setAccount("crm");
        sync.setObject("contacts");
        sync.setExternalId("number");
        sync.setFields(new LinkedHashMap<>(fields));
        return sync;
    }

    static JournalPoller poller(
            Database database, Accounts accounts, PauseStore pauseStore, Sync sync, Duration pollInterval) {
        InboxProcessor inboxProcessor = new InboxProcessor(
                accounts,
                new Permits(
                        new Quota(
                                database,
                                Limits.of(Map.of("crm", List.of())),
                                Duration.ofSeconds(10),
                                Duration.ofSeconds(5)),
                        pauseStore),
                pauseStore,
                new Inbox(database, database),
                new Applier(database, new Capture(database, 1_000, WriteDebounce.NONE)),
                List.of(sync),
                Duration.ofSeconds(5),
                new WebhookMetrics(new SimpleMeterRegistry(), InstantSource.system()),
                new SavedCalls(database));
        return new JournalPoller(accounts, List.of("crm"), pauseStore, database, inboxProcessor, pollInterval);
    }
}
