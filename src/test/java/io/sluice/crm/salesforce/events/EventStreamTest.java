// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce.events;

import static io.sluice.crm.salesforce.events.FakePubSub.CODE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.salesforce.eventbus.protobuf.FetchRequest;
import com.salesforce.eventbus.protobuf.ReplayPreset;
import io.grpc.Status;
import io.sluice.Backoff;
import io.sluice.CrmEvent;
import io.sluice.CrmEvent.Kind;
import io.sluice.RejectedEvent;
import io.sluice.crm.LoginRejected;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Reads a stream from a server that answers, fails and falls silent as the test says. */
class EventStreamTest {

    private static final String ANN = "003000000000001AAA";

    private FakePubSub server;
    private final Login login = new Login();
    private Instant now = Instant.parse("2026-03-04T05:00:00Z");
    private EventStream stream;

    /** Counts the logins; each one after a rejected token has another token. */
    private static final class Login implements EventLogin {
        private final AtomicInteger logins = new AtomicInteger(1);
        private boolean refused;

        @Override
        public Session signIn() throws LoginRejected {
            if (refused) {
                throw new LoginRejected("org", "authentication failure", null);
            }
            return new Session("token-" + logins.get(), "https://example.org", "00D000000000001EAA");
        }

        @Override
        public void accepted(String token) {}

        @Override
        public void rejected(String token) {
            logins.incrementAndGet();
        }
    }

    @BeforeEach
    void start() throws IOException {
        server = new FakePubSub();
        stream = stream(Duration.ofMinutes(5));
    }

    private EventStream stream(Duration silence) {
        return new EventStream(
                new EventEndpoint("127.0.0.1:" + server.port(), true, "/data/ChangeEvents"),
                login,
                new EventStream.Times(
                        silence,
                        Duration.ofMillis(100),
                        Duration.ofSeconds(5),
                        new Backoff(Duration.ofSeconds(1), Duration.ofMinutes(1)),
                        new Backoff(Duration.ofMinutes(5), Duration.ofHours(1))),
                () -> now);
    }

    @AfterEach
    void stop() {
        stream.close();
        server.close();
    }

    /** Calls until the answer is as it should be; the answers before it had neither events nor an offset. */
    private EventStream.Answer next(String offset, Predicate<EventStream.Answer> expected) {
        return await().atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(5))
                .until(() -> stream.next(offset), expected);
    }

    private EventStream.Answer answer(String offset) {
        return next(offset, answer -> answer.next() != null || answer.problem() != null);
    }

    private EventStream.Answer failure(String offset) {
        return next(offset, answer -> answer.problem() != null);
    }

    /** Subscribes from now on, and returns the first offset. */
    private String begin() throws InterruptedException {
        assertThat(stream.next(null).next()).isNull();
        await().until(() -> server.open() == 1);
        server.keepAlive();
        EventStream.Answer first = answer(null);
        assertThat(first.events()).singleElement().satisfies(gap -> {
            assertThat(gap.kind()).isEqualTo(Kind.GAP);
            assertThat(gap.object()).isEmpty();
        });
        return first.next();
    }

    private static ContactEvents phone(int number) {
        return ContactEvents.update("Phone", "+49 " + number, ANN);
    }

    private static List<String> values(EventStream.Answer answer) {
        return answer.events().stream().map(CrmEvent::value).toList();
    }

    @Test
    void theFirstAnswerSaysThatEarlierChangesMustBePolled() throws InterruptedException {
        begin();
        FetchRequest first = server.subscribed().get(0);
        assertThat(first.getTopicName()).isEqualTo("/data/ChangeEvents");
        assertThat(first.getReplayPreset()).isEqualTo(ReplayPreset.LATEST);
        assertThat(first.getNumRequested()).isEqualTo(100);
        assertThat(server.tokens()).containsOnly("token-1");
    }

    @Test
    void moreEventsAreRequestedOnceTheirOffsetWasStored() throws InterruptedException {
        String offset = begin();
        for (int i = 1; i <= 250; i++) {
            server.publish(phone(i));
        }
        List<String> read = new ArrayList<>();
        for (int batch = 1; read.size() < 250; batch++) {
            EventStream.Answer answer = answer(offset);
            read.addAll(values(answer));
            assertThat(server.delivered()).as("not more than requested").isLessThanOrEqualTo(100 + read.size());
            offset = answer.next();
        }
        assertThat(read).hasSize(250).startsWith("+49 1", "+49 2").endsWith("+49 250");
        assertThat(server.subscribed()).hasSize(1);
        assertThat(server.schemasRead()).isOne();
        stream.next(offset);
        await().untilAsserted(() -> assertThat(server.pending()).isEqualTo(100));
    }

    @Test
    void eventsThatWereNotStoredAreDeliveredAgain() throws InterruptedException {
        String offset = begin();
        server.publish(phone(1), phone(2));
        assertThat(values(answer(offset))).contains("+49 1");
        EventStream.Answer again = answer(offset);
        assertThat(values(again)).containsExactly("+49 1", "+49 2");
        assertThat(server.subscribed()).hasSize(2);
        assertThat(server.subscribed().get(1).getReplayPreset()).isEqualTo(ReplayPreset.CUSTOM);
    }

    @Test
    void anotherProcessContinuesAfterTheStoredOffset() throws InterruptedException {
        String offset = begin();
        server.publish(phone(1));
        offset = answer(offset).next();
        server.publish(phone(2));
        stream.close();
        try (EventStream other = stream(Duration.ofMinutes(5))) {
            stream = other;
            assertThat(values(answer(offset))).containsExactly("+49 2");
        }
    }

    @Test
    void aKeepAliveMovesTheOffset() throws InterruptedException {
        String offset = begin();
        server.silent(true);
        server.publish(phone(1));
        server.keepAlive();
        EventStream.Answer answer = answer(offset);
        assertThat(answer.events()).isEmpty();
        assertThat(answer.next()).isNotEqualTo(offset);
    }

    @Test
    void aStreamThatTheServerClosesContinuesWithoutAProblem() throws InterruptedException {
        String offset = begin();
        server.end(null, null);
        server.publish(phone(1));
        EventStream.Answer answer = answer(offset);
        assertThat(answer.problem()).isNull();
        assertThat(values(answer)).containsExactly("+49 1");
    }

    @Test
    void attemptsThatFailAgainAreAProblemAndHaveABackoff() throws InterruptedException {
        String offset = begin();
        server.failNext(3, Status.UNAVAILABLE, CODE + "service.unavailable");
        server.end(Status.UNAVAILABLE, CODE + "service.unavailable");
        assertThat(failure(offset).problem()).isEqualTo("UNAVAILABLE " + CODE + "service.unavailable");
        int attempts = server.subscribed().size();
        assertThat(stream.next(offset).problem()).as("until its time").isNotNull();
        assertThat(server.subscribed()).hasSize(attempts);
        server.publish(phone(1));
        EventStream.Answer answer = next(offset, it -> {
            now = now.plus(Duration.ofMinutes(1));
            return it.next() != null;
        });
        assertThat(values(answer)).containsExactly("+49 1");
    }

    @Test
    void anExpiredTokenIsRenewed() throws InterruptedException {
        String offset = begin();
        server.end(Status.UNAUTHENTICATED, CODE + "service.auth.error");
        server.publish(phone(1));
        assertThat(values(answer(offset))).containsExactly("+49 1");
        assertThat(server.tokens()).contains("token-2");
    }

    @Test
    void aRejectedLoginIsAProblem() {
        login.refused = true;
        assertThat(failure(null).problem()).contains("authentication failure");
    }

    @Test
    void anOffsetThatIsTooOldIsForgottenAndNothingElseIs() throws InterruptedException {
        String offset = begin();
        server.forget();
        server.end(null, null);
        EventStream.Answer answer = failure(offset);
        assertThat(answer.isForgotten()).isTrue();
        assertThat(failure("no replay id!").isForgotten()).isTrue();
        assertThat(server.subscribed())
                .allSatisfy(request -> assertThat(request.getReplayPreset()).isNotEqualTo(ReplayPreset.EARLIEST));
        begin();
    }

    @Test
    void usedUpDeliveriesAreWaitedFor() throws InterruptedException {
        String offset = begin();
        server.failNext(1, Status.RESOURCE_EXHAUSTED, CODE + "subscription.limit.exceeded");
        server.end(Status.RESOURCE_EXHAUSTED, CODE + "subscription.limit.exceeded");
        server.publish(phone(1));
        EventStream.Answer answer = failure(offset);
        assertThat(answer.problem()).contains("deliveries of events").contains("subscription.limit.exceeded");
        assertThat(answer.isForgotten()).isFalse();
        now = now.plus(Duration.ofMinutes(4));
        assertThat(stream.next(offset).problem()).isNotNull();
        assertThat(server.subscribed()).hasSize(1);
        now = now.plus(Duration.ofMinutes(1));
        failure(offset);
        now = now.plus(Duration.ofMinutes(9));
        assertThat(stream.next(offset).problem()).as("twice as long").isNotNull();
        now = now.plus(Duration.ofMinutes(1));
        assertThat(values(answer(offset))).containsExactly("+49 1");
    }

    @Test
    void aSilentStreamConnectsAgain() throws InterruptedException {
        stream.close();
        stream = stream(Duration.ofMillis(500));
        String offset = next(null, answer -> {
                    server.keepAlive();
                    return answer.next() != null;
                })
                .next();
        server.silent(true);
        server.publish(phone(1));
        int before = server.subscribed().size();
        next(offset, answer -> server.subscribed().size() > before);
        server.silent(false);
        EventStream.Answer answer = next(offset, it -> {
            now = now.plus(Duration.ofMinutes(1));
            return it.next() != null;
        });
        assertThat(values(answer)).containsExactly("+49 1");
    }

    @Test
    void ofAnEventThatCanNotBeDecodedTheRecordsAreReadAndTheStreamGoesOn() throws InterruptedException {
        String offset = begin();
        byte[] whole = phone(1).payload();
        server.publish(ContactEvents.event(ContactEvents.SCHEMA_ID, Arrays.copyOf(whole, whole.length - 12)));
        server.publish(ContactEvents.event(ContactEvents.SCHEMA_ID, new byte[] {1, 2, 3}));
        server.publish(ContactEvents.event("unknown schema", whole));
        server.schema("no schema", "nonsense");
        server.publish(ContactEvents.event("no schema", whole));
        server.publish(phone(2));
        List<CrmEvent> events = new ArrayList<>();
        List<RejectedEvent> rejected = new ArrayList<>();
        while (events.stream().noneMatch(event -> "+49 2".equals(event.value()))) {
            EventStream.Answer answer = answer(offset);
            events.addAll(answer.events());
            rejected.addAll(answer.rejected());
            offset = answer.next();
        }
        assertThat(events)
                .extracting(CrmEvent::kind)
                .containsExactly(Kind.READ_BACK, Kind.GAP, Kind.GAP, Kind.GAP, Kind.VALUE);
        assertThat(events.get(0).crmId()).isEqualTo(ANN);
        assertThat(events).extracting(CrmEvent::identity).doesNotHaveDuplicates();
        assertThat(rejected).hasSize(4);
        assertThat(rejected.get(0).type()).isEqualTo("UPDATE");
        assertThat(server.subscribed()).hasSize(1);
    }

    @Test
    void aSchemaThatCanNotBeReadNowIsReadLaterAndNoEventIsLost() throws InterruptedException {
        String offset = begin();
        server.failNextSchema(Status.UNAVAILABLE);
        server.publish(phone(1));
        EventStream.Answer answer = answer(offset);
        assertThat(values(answer)).containsExactly("+49 1");
        assertThat(answer.rejected()).isEmpty();
    }

    @Test
    void noMessageHasWhatTheServerSays() throws InterruptedException {
        String offset = begin();
        server.failNext(2, Status.INTERNAL, "odd code with token");
        server.end(Status.INTERNAL, null);
        assertThat(failure(offset).problem()).isEqualTo("INTERNAL");
    }

    @Test
    void aServerThatIsAwayIsNamed() throws InterruptedException {
        String offset = begin();
        server.close();
        assertThat(failure(offset).problem()).startsWith("UNAVAILABLE: Connection refused");
    }
}
