// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce.events;

import com.google.protobuf.ByteString;
import com.salesforce.eventbus.protobuf.ConsumerEvent;
import com.salesforce.eventbus.protobuf.FetchResponse;
import com.salesforce.eventbus.protobuf.ProducerEvent;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.sluice.Backoff;
import io.sluice.CrmEvent;
import io.sluice.RejectedEvent;
import io.sluice.RootCause;
import io.sluice.crm.LoginRejected;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.Schema;

/**
 * Reads a channel's events one answer after the other, over a subscription that stays open between the calls. The caller
 * passes the offset of the last events that it has stored: only then are more events requested, and if the offset is another
 * one, because the events were not stored or another process read on, the stream subscribes again after it. So the offset
 * alone decides what is read, and the subscription only saves connecting again.
 */
final class EventStream implements AutoCloseable {

    /** Maximum number of requested events ("Pub/Sub API Allocations"). */
    static final int REQUESTED = 100;

    /** Name of Sluice in {@code Sforce-Call-Options}, which events repeat as the client of a change. */
    private static final String CLIENT = "sluice";

    private static final String NO_SCHEMA = "an event whose schema Salesforce does not give";
    /** Time after which a schema that Salesforce does not give is asked for again. */
    private static final Duration SCHEMA_RETRY = Duration.ofMinutes(5);

    private static final String PREFIX = "sfdc.platform.eventbus.grpc.";
    private static final Metadata.Key<String> ERROR_CODE =
            Metadata.Key.of("error-code", Metadata.ASCII_STRING_MARSHALLER);
    /** Maximum number of failures in a row that are no problem yet: a server closes streams now and then. */
    private static final int TOLERATED = 1;

    private static final int MAX_SCHEMAS = 1_000;

    /**
     * Times of a stream.
     *
     * @param silence     time without an answer after which the stream connects again; Salesforce answers within 270 s
     * @param answer      maximum wait for the next answer while events flow
     * @param callTimeout maximum time of reading a schema
     * @param retry       delay before the next attempt to connect
     * @param limited     delay after the organisation's deliveries of the day are used up
     */
    record Times(Duration silence, Duration answer, Duration callTimeout, Backoff retry, Backoff limited) {

        static Times of(Duration callTimeout) {
            return new Times(
                    Duration.ofSeconds(300),
                    Duration.ofMillis(100),
                    callTimeout,
                    new Backoff(Duration.ofMillis(500), Duration.ofMinutes(1)),
                    new Backoff(Duration.ofMinutes(5), Duration.ofHours(1)));
        }
    }

    /**
     * Holds what a call brought.
     *
     * @param events   events; null after a failure
     * @param rejected events that can't be decoded
     * @param next     offset after the events; null where there was no answer
     * @param problem  cause of a failure, without values and secrets; else null
     * @param isForgotten whether Salesforce does not know the offset any more
     */
    record Answer(
            List<CrmEvent> events, List<RejectedEvent> rejected, String next, String problem, boolean isForgotten) {

        private static Answer nothing() {
            return new Answer(List.of(), List.of(), null, null, false);
        }

        private static Answer failed(String problem) {
            return new Answer(null, List.of(), null, problem, false);
        }

        private static Answer forgotten(String problem) {
            return new Answer(null, List.of(), null, problem, true);
        }
    }

    private final EventEndpoint endpoint;
    private final EventLogin login;
    private final Times times;
    private final InstantSource clock;
    private final Map<String, Schema> schemas = new ConcurrentHashMap<>();
    /** By id, the time until which a schema that Salesforce does not give is not asked for again. */
    private final Map<String, Instant> unavailable = new ConcurrentHashMap<>();

    private Subscription subscription;
    private String token;
    /** Offset of the last events that were handed over, or after which the subscription began. */
    private String offset;

    private int toRequest;
    private boolean isFlowing;
    private int failures;
    private int refusals;
    private String problem;
    private Instant retryAt = Instant.MIN;

    EventStream(EventEndpoint endpoint, EventLogin login, Times times, InstantSource clock) {
        this.endpoint = endpoint;
        this.login = login;
        this.times = times;
        this.clock = clock;
    }

    /**
     * Returns the next events, at once if there are none.
     *
     * @param stored offset of the last stored events; null at the beginning: then the first answer has an event that says
     *     that earlier changes must be polled
     */
    synchronized Answer next(String stored) throws InterruptedException {
        if (subscription != null && !Objects.equals(stored, offset)) {
            disconnect();
        }
        if (subscription == null) {
            if (clock.instant().isBefore(retryAt)) {
                return failures > TOLERATED || refusals > 0 ? Answer.failed(problem) : Answer.nothing();
            }
            Answer failure = connect(stored);
            if (failure != null) {
                return failure;
            }
        } else if (toRequest > 0) {
            subscription.request(endpoint.channel(), toRequest);
            toRequest = 0;
        }
        FetchResponse answer = subscription.poll(isFlowing ? times.answer() : Duration.ZERO);
        isFlowing = answer != null && answer.getEventsCount() > 0;
        return answer == null ? unanswered() : handOver(answer);
    }

    private Answer connect(String stored) {
        ByteString replayId;
        try {
            replayId = stored == null
                    ? null
                    : ByteString.copyFrom(Base64.getUrlDecoder().decode(stored));
        } catch (IllegalArgumentException odd) {
            return Answer.forgotten("the offset is no replay id");
        }
        try {
            EventLogin.Session session = login.signIn();
            token = session.token();
            offset = stored;
            toRequest = 0;
            subscription = new Subscription(endpoint, session, times.callTimeout());
            subscription.begin(endpoint.channel(), replayId, REQUESTED);
            return null;
        } catch (LoginRejected rejected) {
            return failure(rejected.getMessage());
        } catch (RuntimeException failed) {
            return failure(RootCause.of(failed));
        }
    }

    private Answer unanswered() {
        Throwable end = subscription.end();
        if (end != null) {
            return ended(end);
        }
        return subscription.silence().compareTo(times.silence()) > 0
                ? failure("no answer for " + times.silence().toSeconds() + " s")
                : Answer.nothing();
    }

    private Answer ended(Throwable end) {
        Status status = Status.fromThrowable(end);
        Metadata trailers = Status.trailersFromThrowable(end);
        String code = trailers == null ? null : trailers.get(ERROR_CODE);
        String known = code != null && code.matches("[a-zA-Z0-9._-]{1,200}") ? code : "";
        String words = words(status, known);
        if (offset != null && known.startsWith(PREFIX + "subscription.fetch.replayid.")) {
            disconnect();
            return Answer.forgotten(words);
        }
        if (status.getCode() == Status.Code.UNAUTHENTICATED || known.startsWith(PREFIX + "service.auth.")) {
            login.rejected(token);
        }
        if (known.equals(PREFIX + "subscription.limit.exceeded")) {
            disconnect();
            refusals++;
            problem = "the organisation's deliveries of events of the last 24 hours are used up (" + known
                    + "); Salesforce keeps events for 72 hours";
            retryAt = clock.instant().plus(times.limited().after(refusals));
            return Answer.failed(problem);
        }
        return failure(words);
    }

    /** A server's own description may contain anything, so that only its codes are passed on. */
    private static String words(Status status, String code) {
        if (!code.isEmpty()) {
            return status.getCode() + " " + code;
        }
        if (status.getCause() instanceof IOException) {
            return status.getCode() + ": " + RootCause.of(status.getCause());
        }
        return status.getCode() == Status.Code.UNAVAILABLE && "completed".equals(status.getDescription())
                ? "the server has closed the stream"
                : status.getCode().toString();
    }

    private Answer failure(String words) {
        disconnect();
        failures++;
        problem = words;
        retryAt = failures <= TOLERATED
                ? Instant.MIN
                : clock.instant().plus(times.retry().after(failures, Math::random));
        return failures <= TOLERATED ? Answer.nothing() : Answer.failed(words);
    }

    private Answer handOver(FetchResponse answer) {
        List<CrmEvent> events = new ArrayList<>();
        List<RejectedEvent> rejected = new ArrayList<>();
        ByteString replayId = answer.getLatestReplayId();
        try {
            for (ConsumerEvent event : answer.getEventsList()) {
                decode(event, events, rejected);
                replayId = event.getReplayId();
            }
        } catch (StatusRuntimeException unread) {
            // without its schema an event can't be judged: it is delivered again
            return ended(unread);
        }
        if (replayId.isEmpty() && !events.isEmpty()) {
            return failure("an answer without a replay id");
        }
        login.accepted(token);
        failures = 0;
        refusals = 0;
        problem = null;
        toRequest += answer.getEventsCount();
        if (replayId.isEmpty()) {
            return new Answer(events, rejected, offset, null, false);
        }
        String next = text(replayId);
        if (offset == null) {
            events.add(gap("", next));
        }
        offset = next;
        return new Answer(events, rejected, next, null, false);
    }

    private static String text(ByteString replayId) {
        return Base64.getUrlEncoder().encodeToString(replayId.toByteArray());
    }

    private CrmEvent gap(String object, String identity) {
        return new CrmEvent(
                CrmEvent.identityOf("gap", object, identity),
                object,
                "",
                CrmEvent.Kind.GAP,
                null,
                null,
                clock.instant());
    }

    /** Adds an event's changes. Of an event that can't be decoded the records are read; if their ids are unknown too, all. */
    private void decode(ConsumerEvent consumed, List<CrmEvent> events, List<RejectedEvent> rejected) {
        ProducerEvent event = consumed.getEvent();
        byte[] payload = event.getPayload().toByteArray();
        Schema schema = null;
        try {
            schema = schema(event.getSchemaId());
            events.addAll(ChangeEventDecoder.decode(schema, payload).crmEvents(CLIENT));
        } catch (UndecodableEvent odd) {
            Optional<ChangeEvent.Header> header =
                    schema == null ? Optional.empty() : ChangeEventDecoder.header(schema, payload);
            rejected.add(new RejectedEvent(header.map(ChangeEvent.Header::type).orElse(null), odd.getMessage()));
            events.addAll(header.map(ChangeEvent.Header::unread)
                    .orElseGet(() -> List.of(gap("", text(consumed.getReplayId())))));
        }
    }

    private Schema schema(String id) throws UndecodableEvent {
        Schema known = schemas.get(id);
        if (known != null) {
            return known;
        }
        if (clock.instant().isBefore(unavailable.getOrDefault(id, Instant.MIN))) {
            throw new UndecodableEvent(NO_SCHEMA);
        }
        Schema read;
        try {
            read = ChangeEventDecoder.schema(subscription.schema(id));
        } catch (StatusRuntimeException failed) {
            if (isFinal(failed.getStatus())) {
                if (unavailable.size() >= MAX_SCHEMAS) {
                    unavailable.clear();
                }
                unavailable.put(id, clock.instant().plus(SCHEMA_RETRY));
                throw new UndecodableEvent(NO_SCHEMA, failed);
            }
            throw failed;
        }
        if (schemas.size() >= MAX_SCHEMAS) {
            schemas.clear();
        }
        schemas.put(id, read);
        return read;
    }

    /** Tells whether another attempt to read a schema has no other result. */
    private static boolean isFinal(Status status) {
        return switch (status.getCode()) {
            case NOT_FOUND, INVALID_ARGUMENT, PERMISSION_DENIED, UNIMPLEMENTED, FAILED_PRECONDITION -> true;
            default -> false;
        };
    }

    private void disconnect() {
        if (subscription != null) {
            subscription.close();
            subscription = null;
        }
        isFlowing = false;
    }

    @Override
    public synchronized void close() {
        disconnect();
    }
}
