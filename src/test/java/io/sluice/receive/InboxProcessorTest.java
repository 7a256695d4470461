// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sluice.CrmEvent;
import io.sluice.CrmRecord;
import io.sluice.DeletedRecord;
import io.sluice.Sync;
import io.sluice.capture.Capture;
import io.sluice.crm.Account;
import io.sluice.crm.Accounts;
import io.sluice.crm.CrmCall;
import io.sluice.crm.ExampleCrm;
import io.sluice.crm.Permits;
import io.sluice.merge.Applier;
import io.sluice.outbox.Claim;
import io.sluice.outbox.InitialExportJobs;
import io.sluice.outbox.Pause.Kind;
import io.sluice.outbox.PauseStore;
import io.sluice.outbox.WriteDebounce;
import io.sluice.quota.Limits;
import io.sluice.quota.Pool;
import io.sluice.quota.Quota;
import io.sluice.quota.SavedCalls;
import io.sluice.store.TestDatabase;
import io.sluice.testkit.AcceptingCrm;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class InboxProcessorTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    /** Long after all writes were settled, so that events of that time need no read-back. */
    private static final Instant LATER = Instant.now().plus(Duration.ofHours(1));

    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private final SavedCalls savedCalls = new SavedCalls(DATABASE.sluice());
    private final Capture capture = new Capture(DATABASE.sluice(), 1_000, WriteDebounce.NONE);
    private final AcceptingCrm crm = new AcceptingCrm(DATABASE.sluice(), capture, "10");
    private final PauseStore pauseStore = new PauseStore(DATABASE.sluice());
    private final Accounts accounts = new Accounts(
            List.of(new Account("crm", ExampleCrm.withWebhooks(), Pool.of("crm", List.of()), false)),
            InstantSource.system());
    private final Sync sync = sync();
    private final Applier applier = new Applier(DATABASE.sluice(), capture);
    private final InboxProcessor inboxProcessor = new InboxProcessor(
            accounts,
            new Permits(
                    new Quota(
                            DATABASE.sluice(),
                            Limits.of(Map.of("crm", List.of())),
                            Duration.ofSeconds(10),
                            Duration.ofSeconds(5)),
                    pauseStore),
            pauseStore,
            new Inbox(DATABASE.sluice(), DATABASE.sluice()),
            applier,
            List.of(sync),
            Duration.ofSeconds(5),
            new WebhookMetrics(metrics, InstantSource.system()),
            savedCalls);
    private int events;

    private static Sync sync() {
        return ContactsSync.of(Map.of("name", "lastname", "city", "city", "born", "birthday"));
    }

    @BeforeEach
    void twoSettledCustomers() throws SQLException {
        DATABASE.reset();
        DATABASE.run(
                "create table app.customer (no int primary key, name text, city text, born date)",
                "insert into app.customer values (1, 'Ann', 'Oslo'), (2, 'Bob', 'Rome')");
        accounts.checked("crm");
        capture.start(List.of(sync));
        crm.acceptAll();
    }

    private CrmEvent value(String id, String field, String value, Instant at) {
        return CrmEvent.value(CrmEvent.identityOf(++events), "contacts", id, field, value, at);
    }

    private CrmEvent created(String id, Instant at) {
        return CrmEvent.created(CrmEvent.identityOf(++events), "contacts", id, at);
    }

    private CrmEvent readBack(String id, Instant at) {
        return CrmEvent.readBack(CrmEvent.identityOf(++events), "contacts", id, at);
    }

    private CrmEvent deleted(String id, Instant at) {
        return CrmEvent.deleted(CrmEvent.identityOf(++events), "contacts", id, at);
    }

    @Test
    void eventsThatAFailureInterruptedAreKnownUntilTheyAreDueAgain() throws SQLException {
        inboxProcessor.keep("crm", List.of(created("101", Instant.now())));
        DATABASE.run("alter table sluice.sync_state rename to away");
        try {
            assertThatThrownBy(inboxProcessor::process).isInstanceOf(SQLException.class);
        } finally {
            DATABASE.run("alter table sluice.away rename to sync_state");
        }
        assertThat(inboxProcessor.hasInterrupted()).isTrue();
        inboxProcessor.process();
        assertThat(DATABASE.texts("select crm_id from sluice.inbox where done_at is null"))
                .as("events that wait for the end of their lease")
                .isEmpty();
        assertThat(inboxProcessor.hasInterrupted()).isFalse();
    }

    /** @return CRM ids of the records to read back */
    private List<String> process(CrmEvent... all) throws SQLException {
        inboxProcessor.keep("crm", List.of(all));
        return inboxProcessor.process().stream()
                .map(recordEvents -> recordEvents.record().crmId())
                .toList();
    }

    private ReadBackBatch batch(CrmEvent... all) throws Exception {
        inboxProcessor.keep("crm", List.of(all));
        ReadBackBatch readBackBatch = inboxProcessor.batch(inboxProcessor.process());
        assertThat(inboxProcessor.permit(readBackBatch)).isNotNull();
        return readBackBatch;
    }

    private static CrmRecord record(String id, String key, Object... fields) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("number", key);
        for (int i = 0; i < fields.length; i += 2) {
            map.put((String) fields[i], fields[i + 1]);
        }
        return new CrmRecord(id, null, LATER, map);
    }

    private static CrmRecord keyed(String id, String key, Object... fields) {
        CrmRecord record = record(id, key, fields);
        return new CrmRecord(id, key, record.at(), record.fields());
    }

    private List<String> rows() throws SQLException {
        return DATABASE.texts("select concat_ws(' ', no, name, city, born) from app.customer order by no");
    }

    private String waiting() throws SQLException {
        return DATABASE.text("select count(*) from sluice.inbox where done_at is null");
    }

    @Test
    void aValueInAnEventIsWrittenWithoutAReadBackAndNotSentBack() throws SQLException {
        assertThat(process(
                        value("101", "lastname", "Anna", LATER),
                        value("102", "city", null, LATER),
                        value("101", "birthday", "946684800000", LATER),
                        value("101", "shoesize", "38", LATER)))
                .isEmpty();

        assertThat(rows()).containsExactly("1 Anna Oslo 2000-01-01", "2 Bob");
        assertThat(crm.acceptAll()).isEmpty();
        assertThat(waiting()).isEqualTo("0");
    }

    @Test
    void aRecordWhoseValuesCameWithItsEventsSavesOneReadAndNoOtherDoes() throws Exception {
        process(value("101", "lastname", "Anna", LATER), value("101", "city", "Bergen", LATER));
        assertThat(saved()).as("one record with two values").isEqualTo("1");
        process(value("101", "city", "Bergen", LATER.plusSeconds(1)), value("101", "shoesize", "38", LATER));
        assertThat(saved()).as("a known value, and a field without a sync").isEqualTo("1");
        process(value("102", "city", "Turin", Instant.now().minusSeconds(1)), created("103", LATER));
        assertThat(saved()).as("records that are read back").isEqualTo("1");
        process(value("101", "city", "Moss", LATER.plusSeconds(2)), value("102", "city", "Pisa", LATER.plusSeconds(2)));
        assertThat(saved()).isEqualTo("3");
    }

    private String saved() throws SQLException {
        savedCalls.write();
        return DATABASE.text("select sum(calls) from sluice.saved_calls where account = 'crm' and object = 'contacts'"
                + " and reason = 'events'");
    }

    @Test
    void theLastValueStaysInWhateverOrderEventsArrive() throws SQLException {
        assertThat(process(value("101", "city", "Third", LATER.plusSeconds(3)), value("101", "city", "First", LATER)))
                .isEmpty();
        assertThat(process(value("101", "city", "Second", LATER.plusSeconds(2))))
                .isEmpty();
        assertThat(rows()).contains("1 Ann Third");

        assertThat(process(value("102", "city", "Rome", LATER.plusSeconds(5))))
                .as("the known value")
                .isEmpty();
        assertThat(process(value("102", "city", "Between", LATER.plusSeconds(4))))
                .isEmpty();
        assertThat(rows()).contains("2 Bob Rome");
    }

    @Test
    void aRepeatedEventIsStoredOnce() throws SQLException {
        CrmEvent crmEvent = value("101", "city", "Bergen", LATER);
        process(crmEvent);
        DATABASE.run("update app.customer set city = 'Oslo' where no = 1");
        crm.acceptAll();
        process(crmEvent, crmEvent);
        assertThat(rows()).contains("1 Ann Oslo");
        assertThat(metrics.counter("sluice.webhook.events", "account", "crm", "outcome", "repeated")
                        .count())
                .isEqualTo(2);
    }

    @Test
    void anEchoOfOurWriteNeedsNoReadBackEvenBeforeTheAnswer() throws SQLException {
        DATABASE.run("update app.customer set city = 'Bergen' where no = 1");
        capture.drain("app.customer");
        Claim claim = crm.claim().orElseThrow();
        assertThat(process(value("101", "city", "Bergen", Instant.now()))).isEmpty();
        crm.accept(claim);
        assertThat(process(value("101", "city", "Bergen", Instant.now().plusMillis(5))))
                .isEmpty();
        assertThat(crm.acceptAll()).isEmpty();
        assertThat(rows()).contains("1 Ann Bergen");
    }

    @Test
    void anEventFromAboutTheTimeOfOurWriteIsReadBack() throws Exception {
        ReadBackBatch readBackBatch =
                batch(value("101", "city", "Bergen", Instant.now().minusSeconds(1)));
        assertThat(readBackBatch.getIds()).isEqualTo(List.of("101"));
        assertThat(readBackBatch.getCall())
                .isEqualTo(new CrmCall.ReadBack(
                        "crm", "crm", "read", "contacts", "number", "birthday,city,lastname,number"));
        inboxProcessor.apply(readBackBatch, List.of(record("101", "1", "city", "Trondheim", "lastname", "Ann")), 200);

        assertThat(rows()).contains("1 Ann Trondheim");
        assertThat(waiting()).isEqualTo("0");
    }

    @Test
    void editsOfDifferentFieldsOnBothSidesAreKept() throws SQLException {
        DATABASE.run("update app.customer set city = 'Bergen' where no = 1");
        assertThat(process(value("101", "lastname", "Anna", LATER))).isEmpty();
        assertThat(rows()).contains("1 Anna Bergen");
        assertThat(crm.acceptAll()).containsExactly(Map.of("city", "Bergen"));
    }

    @Test
    void aCreatedRecordIsReadBackUnlessSluiceCreatedIt() throws Exception {
        assertThat(process(created("101", Instant.now()), value("101", "lastname", "Ann", Instant.now())))
                .isEmpty();
        ReadBackBatch readBackBatch = batch(created("103", LATER), value("103", "lastname", "Cid", LATER));
        inboxProcessor.apply(readBackBatch, List.of(record("103", "3", "lastname", "Cid", "city", "Bonn")), 200);

        assertThat(rows()).contains("3 Cid Bonn");
        assertThat(crm.acceptAll()).isEmpty();
        sync.setInserts("ignore");
        assertThat(process(created("104", LATER), value("104", "lastname", "Dan", LATER)))
                .isEmpty();
    }

    @Test
    void aRecordWithoutAKeyIsReadBackOnceAndAgainWhenItGetsOne() throws Exception {
        inboxProcessor.apply(batch(created("109", LATER)), List.of(record("109", "", "lastname", "Nobody")), 200);
        assertThat(process(value("109", "lastname", "Somebody", LATER.plusSeconds(1))))
                .isEmpty();
        assertThat(process(
                        value("109", "number", "9", LATER.plusSeconds(2)),
                        value("109", "city", "Ulm", LATER.plusSeconds(2))))
                .containsExactly("109");
    }

    @Test
    void aRowIsDeletedAfterALookupAndARestoredRecordIsReadBack() throws Exception {
        ReadBackBatch readBackBatch = batch(
                value("101", "city", "Bergen", LATER), deleted("101", LATER.plusSeconds(1)), deleted("777", LATER));
        assertThat(readBackBatch.getCall())
                .isEqualTo(new CrmCall.ReadBack(
                        "crm", "crm", "lookup", "contacts", "number", "birthday,city,lastname,number"));
        assertThat(readBackBatch.getIds())
                .as("the known record with its key")
                .hasToString("[RecordChange[key=1, operation=upsert, crmId=101, fields={}]]");
        assertThat(rows()).hasSize(2);
        inboxProcessor.apply(readBackBatch, List.of(), 200);
        assertThat(rows()).as("the answer does not mention the record").hasSize(2);
        DATABASE.run("update sluice.inbox set due = now()");
        assertThat(waiting()).isEqualTo("2");
        inboxProcessor.apply(batch(), List.of(new DeletedRecord("101", null)), 200);
        assertThat(rows()).containsExactly("2 Bob Rome");
        assertThat(crm.acceptAll()).isEmpty();
        assertThat(process(readBack("102", LATER.plusSeconds(2)), deleted("102", LATER)))
                .containsExactly("102");
        assertThat(rows()).containsExactly("2 Bob Rome");
    }

    @Test
    void aNewRecordWithTheKeyOfADeletedOneReplacesItAndClearsNoColumn() throws Exception {
        DATABASE.run("update app.customer set born = '1990-01-01' where no = 1");
        crm.acceptAll();
        inboxProcessor.apply(
                batch(deleted("101", LATER)),
                List.of(
                        keyed("150", "1", "lastname", "Anna", "city", null, "birthday", null),
                        new DeletedRecord("101", LATER)),
                200);

        assertThat(rows()).containsExactly("1 Anna Oslo 1990-01-01", "2 Bob Rome");
        assertThat(DATABASE.texts("select crm_id from sluice.sync_state order by key"))
                .containsExactly("150", "102");
        assertThat(crm.acceptAll())
                .as("fields that the new record lacks")
                .containsExactly(Map.of("city", "Oslo", "birthday", "1990-01-01"));
    }

    @Test
    void aSecondRecordWithAKeyIsIgnoredWhileTheFirstExists() throws Exception {
        inboxProcessor.apply(batch(created("150", LATER)), List.of(record("150", "1", "lastname", "Twin")), 200);
        assertThat(rows()).contains("1 Ann Oslo");
        DATABASE.run("update sluice.inbox set due = now()");
        List<RecordEvents> toRead = inboxProcessor.process();
        assertThat(toRead)
                .extracting(recordEvents -> recordEvents.record().crmId())
                .containsExactlyInAnyOrder("101", "150");
        ReadBackBatch readBackBatch = inboxProcessor.batch(
                toRead.stream().filter(RecordEvents::isDeleted).toList());
        assertThat(inboxProcessor.permit(readBackBatch)).isNotNull();
        inboxProcessor.apply(
                readBackBatch, List.of(keyed("101", "1", "lastname", "Ann", "city", "Oslo", "birthday", null)), 200);
        readBackBatch = inboxProcessor.batch(toRead.stream()
                .filter(recordEvents -> !recordEvents.isDeleted())
                .toList());
        assertThat(inboxProcessor.permit(readBackBatch)).isNotNull();
        inboxProcessor.apply(readBackBatch, List.of(record("150", "1", "lastname", "Twin")), 200);

        assertThat(rows()).contains("1 Ann Oslo");
        assertThat(waiting()).isEqualTo("0");
    }

    @Test
    void afterAMergeTheRemainingRecordKeepsItsRowAndTheOtherRowsAreDeleted() throws Exception {
        ReadBackBatch readBackBatch = batch(readBack("199", LATER), readBack("101", LATER), readBack("102", LATER));
        inboxProcessor.apply(
                readBackBatch,
                List.of(
                        record("199", "1", "lastname", "Ann", "city", "Rome"),
                        new DeletedRecord("101", LATER),
                        new DeletedRecord("102", LATER)),
                200);
        assertThat(rows()).as("until the lookup").containsExactly("1 Ann Oslo", "2 Bob Rome");
        DATABASE.run("update sluice.inbox set due = now()");
        readBackBatch = inboxProcessor.batch(inboxProcessor.process().stream()
                .filter(RecordEvents::isDeleted)
                .toList());
        assertThat(inboxProcessor.permit(readBackBatch)).isNotNull();
        inboxProcessor.apply(
                readBackBatch,
                List.of(
                        keyed("199", "1", "lastname", "Ann", "city", "Rome", "birthday", null),
                        new DeletedRecord("101", LATER),
                        new DeletedRecord("102", LATER)),
                200);

        assertThat(rows()).containsExactly("1 Ann Rome");
        assertThat(crm.acceptAll()).isEmpty();
        assertThat(DATABASE.texts("select crm_id from sluice.sync_state")).containsExactly("199");
    }

    /** HubSpot may create a new record of both merged ones; the events of their deletion come before that of the merge. */
    @Test
    void aMergeIntoANewRecordWhoseDeletionsComeFirstKeepsTheRow() throws Exception {
        DATABASE.run("alter table app.customer add column note text", "update app.customer set note = 'own'");
        ReadBackBatch lookup = batch(deleted("101", LATER), deleted("102", LATER));
        assertThat(rows()).as("until the lookup").hasSize(2);
        inboxProcessor.apply(
                lookup,
                List.of(
                        keyed("199", "1", "lastname", "Ann", "city", "Rome", "birthday", null),
                        new DeletedRecord("101", LATER),
                        new DeletedRecord("102", LATER)),
                200);
        assertThat(rows()).containsExactly("1 Ann Rome");
        ReadBackBatch merge = batch(readBack("199", LATER), readBack("101", LATER), readBack("102", LATER));
        inboxProcessor.apply(
                merge,
                List.of(record("199", "1", "lastname", "Ann", "city", "Rome"), new DeletedRecord("102", LATER)),
                200);

        assertThat(rows()).containsExactly("1 Ann Rome");
        assertThat(DATABASE.texts("select note from app.customer"))
                .as("the row was not created again")
                .containsExactly("own");
        assertThat(DATABASE.texts("select crm_id from sluice.sync_state")).containsExactly("199");
        assertThat(crm.acceptAll()).isEmpty();
    }

    /** Two empty answers, one about another record, and at last one that says that the record is deleted. */
    @Test
    void aRecordThatAnswersDoNotMentionIsNotDeletedButReadAgainAndFinallyAlone() throws Exception {
        for (List<?> answer : List.of(List.of(), List.of(record("777", "7", "lastname", "Foreign")), List.of())) {
            ReadBackBatch readBackBatch = batch(readBack("101", LATER));
            inboxProcessor.apply(readBackBatch, answer, 200);
            assertThat(rows()).containsExactly("1 Ann Oslo", "2 Bob Rome");
            assertThat(waiting()).isNotEqualTo("0");
            assertThat(DATABASE.text(
                            "select bool_and(due > clock_timestamp()) from sluice.inbox where done_at is null"))
                    .as("due after a backoff")
                    .isEqualTo("t");
            DATABASE.run("update sluice.inbox set due = now()");
        }
        List<RecordEvents> again = inboxProcessor.process();
        assertThat(again).extracting(inboxProcessor::group).containsExactly("crm contacts 101");
        ReadBackBatch alone = inboxProcessor.batch(again);
        assertThat(inboxProcessor.permit(alone)).isNotNull();
        inboxProcessor.apply(
                alone, List.of(new DeletedRecord("101", LATER), record("102", "2", "lastname", "Bob")), 200);
        assertThat(rows()).as("the record is looked up first").containsExactly("1 Ann Oslo", "2 Bob Rome");
        inboxProcessor.apply(batch(), List.of(new DeletedRecord("101", LATER)), 200);
        assertThat(rows()).containsExactly("2 Bob Rome");
        assertThat(waiting()).isEqualTo("0");
        assertThat(metrics.counter("sluice.read.back.failures", "account", "crm", "object", "contacts")
                        .count())
                .isEqualTo(3);
    }

    @Test
    void recordsThatCanNotBeReadStayInTheInbox() throws Exception {
        ReadBackBatch readBackBatch = batch(readBack("101", LATER));
        inboxProcessor.apply(readBackBatch, "<html>Maintenance</html>", 503);
        assertThat(waiting()).isEqualTo("1");
        // each failure doubles the time without permits, which a busy machine would outlast after one
        for (int failure = 0; failure < 8; failure++) {
            accounts.recordAnswer("crm", 503, "maintenance");
        }
        assertThat(inboxProcessor.permit(readBackBatch)).isNull();
        DATABASE.run("update sluice.inbox set due = now()");
        assertThat(inboxProcessor.process()).hasSize(1);
    }

    @Test
    void eventsTakenWhenTheDatabaseFailedAreDueAtOnce() throws SQLException {
        DATABASE.run("alter table sluice.sync_state rename to renamed");
        assertThatThrownBy(() -> process(value("101", "lastname", "Anna", LATER)))
                .isInstanceOf(SQLException.class);
        DATABASE.run("alter table sluice.renamed rename to sync_state");
        inboxProcessor.process();
        assertThat(rows()).contains("1 Anna Oslo");
        assertThat(waiting()).isEqualTo("0");
    }

    /** A paused sync is still polled, too. */
    @Test
    void aPausedSyncStillReceives() throws SQLException {
        pauseStore.pause(Kind.SYNC, "customers", null);
        process(value("101", "lastname", "Anna", LATER));
        assertThat(rows()).contains("1 Anna Oslo");
        assertThat(waiting()).isEqualTo("0");
    }

    @Test
    void eventsWaitDuringAnInitialSnapshot() throws SQLException {
        DATABASE.run(
                "insert into sluice.pause (kind, name, by) values ('sync', 'customers', 'api'), ('sync', 'customers', 'load')");
        assertThat(process(value("101", "lastname", "Anna", LATER))).isEmpty();
        assertThat(rows()).contains("1 Ann Oslo");
        DATABASE.run("delete from sluice.pause where by = 'load'", "update sluice.inbox set due = now()");
        inboxProcessor.process();
        assertThat(rows()).contains("1 Anna Oslo");
    }

    @Test
    void eventsOfAPausedAccountWait() throws SQLException {
        pauseStore.pause(Kind.ACCOUNT, "crm", null);
        assertThat(process(value("101", "lastname", "Anna", LATER))).isEmpty();
        DATABASE.run("update sluice.inbox set due = now()");
        inboxProcessor.process();
        assertThat(rows()).contains("1 Ann Oslo");
        pauseStore.resume(Kind.ACCOUNT, "crm");
        inboxProcessor.process();
        assertThat(rows()).contains("1 Anna Oslo");
    }

    @Test
    void eventsOfAnObjectWithoutASyncAreNotStored() throws SQLException {
        inboxProcessor.keep("crm", List.of(CrmEvent.deleted(CrmEvent.identityOf(1), "deals", "1", LATER)));
        assertThat(waiting()).isEqualTo("0");
        assertThat(metrics.counter("sluice.webhook.events", "account", "crm", "outcome", "unwanted")
                        .count())
                .isEqualTo(1);
        assertThat(inboxProcessor.webhook("crm")).isEqualTo(new CrmCall.Webhook("crm", "crm"));
        assertThat(inboxProcessor.webhook("crm?x=1")).isNull();
    }

    @Test
    void eventsOfASyncWithAMissingColumnWaitAndOthersAreProcessed() throws SQLException {
        Sync deals = sync();
        deals.setName("deals");
        deals.setTable("app.deal");
        deals.setObject("deals");
        deals.setFields(new LinkedHashMap<>(Map.of("name", "dealname")));
        DATABASE.run(
                "create table app.deal (no int primary key, name text)", "insert into app.deal values (3, 'Ship')");
        Capture watching =
                new Capture(DATABASE.sluice(), 1_000, WriteDebounce.NONE, InitialExportJobs.NONE, Duration.ZERO, 20);
        watching.start(List.of(sync, deals));
        watching.drain("app.deal");
        crm.acceptAll();
        InboxProcessor both = new InboxProcessor(
                accounts,
                new Permits(
                        new Quota(
                                DATABASE.sluice(),
                                Limits.of(Map.of("crm", List.of())),
                                Duration.ofSeconds(10),
                                Duration.ofSeconds(5)),
                        pauseStore),
                pauseStore,
                new Inbox(DATABASE.sluice(), DATABASE.sluice()),
                new Applier(DATABASE.sluice(), watching),
                List.of(sync, deals),
                Duration.ofSeconds(5),
                new WebhookMetrics(metrics, InstantSource.system()),
                savedCalls);
        DATABASE.run("alter table app.customer rename column city to town");
        watching.watch();
        assertThat(watching.problem(sync)).isNotNull();

        both.keep(
                "crm",
                List.of(
                        value("101", "lastname", "Anna", LATER),
                        readBack("102", LATER),
                        deleted("102", LATER),
                        CrmEvent.value(CrmEvent.identityOf(++events), "deals", "103", "dealname", "Boat", LATER)));
        assertThat(both.process()).isEmpty();
        assertThat(DATABASE.texts("select name from app.deal")).containsExactly("Boat");
        assertThat(waiting()).isEqualTo("3");
        DATABASE.run("alter table app.customer rename column town to city");
        watching.watch();
        watching.drain("app.customer");
        DATABASE.run("update sluice.inbox set due = clock_timestamp() - interval '1 second'");
        assertThat(both.process()).isNotEmpty();
        assertThat(DATABASE.texts("select name from app.customer where no = 1")).containsExactly("Anna");
    }
}
