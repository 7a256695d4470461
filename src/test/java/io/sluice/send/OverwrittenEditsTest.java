package io.sluice.send;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.Received;
import io.sluice.Sync;
import io.sluice.capture.Capture;
import io.sluice.merge.Applier;
import io.sluice.outbox.Backoff;
import io.sluice.outbox.Claim;
import io.sluice.outbox.Outbox;
import io.sluice.outbox.Rest;
import io.sluice.outbox.Settlement;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Odd answers to the reading that goes before a write: the write was answered, and is settled. */
class OverwrittenEditsTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final Instant MOMENT = Instant.parse("2026-01-01T00:00:00Z");

    private final Capture capture = new Capture(DATABASE.sluice(), 1_000, Rest.NONE);
    private final OverwrittenEdits edits = new OverwrittenEdits(null, new Applier(DATABASE.sluice(), capture));
    private final Sync sync = new Sync();
    private Claim claim;

    @BeforeEach
    void aWriteOfOurs() throws SQLException {
        DATABASE.reset();
        DATABASE.run("create table app.customer (no int primary key, name text)", "insert into app.customer values (1, 'first')");
        sync.setName("customers");
        sync.setTable("app.customer");
        sync.setKey("no");
        sync.setAccount("crm");
        sync.setObject("contacts");
        sync.setExternalId("no");
        sync.setFields(Map.of("name", "name"));
        capture.start(List.of(sync));
        claim();
        new Settlement(DATABASE.sluice(), Backoff.NONE, Rest.NONE).settle(claim, List.of(Outcome.done("1", "x1")));
        DATABASE.run("update app.customer set name = 'ours'");
        claim();
    }

    private void claim() throws SQLException {
        capture.drain("app.customer");
        claim = new Outbox(DATABASE.sluice(), Duration.ofMinutes(1)).claim("crm", 200, Priority.LOW).orElseThrow();
    }

    static Stream<Received> odd() {
        return Stream.of(new Received("x1", "1", Instant.parse("+999999-01-01T00:00:00Z"), Map.of("name", "theirs")),
                new Received("x1", "1", null, Map.of("name", "theirs")),
                new Received("x1", "1", MOMENT, Map.of("name", Map.of("city", "Os\0lo"))),
                new Received("x1", "1", MOMENT, Map.of("name", List.of(List.of("a"), Map.of("b", "\uD800")))));
    }

    @ParameterizedTest
    @MethodSource("odd")
    void anAnswerThatIsNotUnderstoodKeepsNoWriteFromBeingSettled(Received image) {
        assertThatCode(() -> edits.find(sync, claim, List.of(Outcome.done("1", "x1")), List.of(image))).doesNotThrowAnyException();
    }

    @Test
    void oneThatIsFindsTheEdit() throws SQLException {
        edits.find(sync, claim, List.of(Outcome.done("1", "x1")), List.of(new Received("x2", null, MOMENT, Map.of("name", "other")),
                new Received("x1", null, MOMENT, Map.of("name", "theirs"))));
        assertThat(DATABASE.texts("select crm #>> '{}' from sluice.conflict")).containsExactly("theirs");
    }
}
