// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.pubsub;

import com.google.protobuf.ByteString;
import com.salesforce.eventbus.protobuf.ConsumerEvent;
import com.salesforce.eventbus.protobuf.FetchRequest;
import com.salesforce.eventbus.protobuf.FetchResponse;
import com.salesforce.eventbus.protobuf.ProducerEvent;
import com.salesforce.eventbus.protobuf.ReplayPreset;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.sluice.sandbox.salesforce.streaming.EventReader;
import io.sluice.sandbox.salesforce.streaming.EventType;
import io.sluice.sandbox.server.Fault;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * Delivers the events of one topic to one client, as many as it requested (<a
 * href="https://developer.salesforce.com/docs/platform/pub-sub-api/references/methods/subscribe-rpc.html">Subscribe RPC
 * Method</a>). Without events, an empty response tells the latest replay id now and then. When all requested events are
 * delivered and the client requests no more in time, the stream ends.
 */
final class Subscription implements StreamObserver<FetchRequest> {

    /** Operations by which faults name it and the referee counts. */
    static final String SUBSCRIBE = "pubsubSubscribe";

    static final String FETCH = "pubsubFetch";
    static final String DELIVER = "pubsubDeliver";
    /** Maximum number of requested events that are not delivered yet ("Pub/Sub API Allocations"). */
    private static final int MOST_REQUESTED = 100;

    private final Visitor visitor;
    private final Gate gate;
    private final AvroSchemas schemas;
    private final ServerCallStreamObserver<FetchResponse> client;
    private final Runnable onEnd;
    private final Counts counts;
    private final String rpcId = UUID.randomUUID().toString();
    private final Troubles troubles;
    private String topic;
    private long position;
    /** Number of events of the next replay id that were delivered already. */
    private int parts;

    private int requested;
    private boolean ended;
    private boolean silent;
    /** Whether a fault has delayed the next delivery already. */
    private boolean delayed;

    private long notBefore = System.nanoTime();
    private long lastSent = System.nanoTime();

    /** Counts for the referee, over all subscriptions of an account. */
    interface Counts {
        void delivered(int events);

        void keptAlive();
    }

    /** @param onEnd called once, when the stream is over */
    Subscription(
            Visitor visitor,
            Gate gate,
            AvroSchemas schemas,
            ServerCallStreamObserver<FetchResponse> client,
            Counts counts,
            Runnable onEnd) {
        this.visitor = visitor;
        this.gate = gate;
        this.schemas = schemas;
        this.client = client;
        this.counts = counts;
        this.onEnd = onEnd;
        this.troubles = new Troubles(visitor.account(), rpcId);
    }

    @Override
    public synchronized void onNext(FetchRequest request) {
        if (ended) {
            return;
        }
        boolean isFirst = topic == null;
        Optional<StatusRuntimeException> refused =
                isFirst ? opened(request) : troubles.error(FETCH, "").or(() -> wrong(request));
        // counted when its position is fixed: who sees the count misses no event from then on
        gate.count(visitor.account(), isFirst ? SUBSCRIBE : FETCH);
        if (refused.isPresent()) {
            fail(refused.get());
            return;
        }
        requested = Math.min(MOST_REQUESTED, requested + request.getNumRequested());
        lastSent = System.nanoTime();
        pump();
    }

    private Optional<StatusRuntimeException> wrong(FetchRequest request) {
        if (!request.getTopicName().isEmpty() && !request.getTopicName().equals(topic)) {
            return Optional.of(PubSubError.TOPIC_MISMATCH.exception(rpcId));
        }
        return request.getNumRequested() > 0
                ? Optional.empty()
                : Optional.of(PubSubError.NOTHING_REQUESTED.exception(rpcId));
    }

    /** Begins the subscription; answers the error when it can't. */
    private Optional<StatusRuntimeException> opened(FetchRequest request) {
        String name = request.getTopicName();
        EventReader events = visitor.events();
        if (name.isBlank()) {
            return Optional.of(PubSubError.TOPIC_EMPTY.exception(rpcId));
        }
        if (!events.exists(name)) {
            return Optional.of(PubSubError.TOPIC_NOT_FOUND.exception(rpcId));
        }
        if (request.getNumRequested() <= 0) {
            return Optional.of(PubSubError.NOTHING_REQUESTED.exception(rpcId));
        }
        Optional<StatusRuntimeException> struck = troubles.error(SUBSCRIBE, "");
        if (struck.isPresent()) {
            return struck;
        }
        if (events.isExhausted(name)) {
            return Optional.of(PubSubError.LIMIT.exception(rpcId));
        }
        if (request.getReplayPreset() == ReplayPreset.CUSTOM) {
            if (request.getReplayId().isEmpty()) {
                return Optional.of(PubSubError.REPLAY_ID_MISSING.exception(rpcId));
            }
            OptionalLong replayId = ReplayId.read(request.getReplayId());
            if (replayId.isEmpty() || !events.isRetained(replayId.getAsLong())) {
                return Optional.of(PubSubError.REPLAY_ID_CORRUPTED.exception(rpcId));
            }
            position = replayId.getAsLong();
        } else {
            position = request.getReplayPreset() == ReplayPreset.EARLIEST ? 0 : events.latest();
        }
        topic = name;
        silent = troubles.strike(Fault.Kind.HANG, SUBSCRIBE, "").isPresent();
        return Optional.empty();
    }

    @Override
    public synchronized void onError(Throwable gone) {
        end();
    }

    @Override
    public synchronized void onCompleted() {
        complete();
    }

    /** Delivers what is due. */
    synchronized void pump() {
        while (!ended && topic != null && !silent && requested > 0 && System.nanoTime() >= notBefore) {
            // at the beginning of the log there is nothing to miss
            if (position > 0 && !visitor.events().isComplete(position)) {
                fail(PubSubError.REPLAY_ID_CORRUPTED.exception(rpcId));
                return;
            }
            List<EventReader.Published> due = visitor.events().after(topic, position, requested);
            if (due.isEmpty()) {
                return;
            }
            deliver(due.subList(parts, Math.min(due.size(), parts + requested)));
        }
    }

    private void deliver(List<EventReader.Published> due) {
        String object = due.get(0).object();
        if (!visitor.isAuthorized().getAsBoolean()) {
            fail(PubSubError.AUTH.exception(rpcId));
            return;
        }
        Optional<Fault> late = delayed
                ? Optional.empty()
                : troubles.strike(Fault.Kind.LATE_EVENTS, DELIVER, object)
                        .or(() -> troubles.strike(Fault.Kind.SLOW, DELIVER, object));
        delayed = late.isPresent();
        if (delayed) {
            notBefore =
                    System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(late.get().delayMillis());
            return;
        }
        if (troubles.strike(Fault.Kind.HANG, DELIVER, object).isPresent()) {
            silent = true;
            return;
        }
        Optional<StatusRuntimeException> error = troubles.error(DELIVER, object);
        if (error.isPresent()) {
            fail(error.get());
            return;
        }
        Optional<Fault.When> cut =
                troubles.strike(Fault.Kind.RESET, DELIVER, object).map(Fault::when);
        if (cut.filter(when -> when == Fault.When.BEFORE).isPresent()) {
            fail(PubSubError.cut());
            return;
        }
        boolean isHalf = cut.filter(when -> when == Fault.When.WITHIN).isPresent();
        boolean isWhole = send(isHalf ? due.subList(0, (due.size() + 1) / 2) : due, object);
        if (cut.isPresent()) {
            fail(PubSubError.cut());
        } else if (!isWhole) {
            fail(PubSubError.LIMIT.exception(rpcId));
        }
    }

    /** Sends events; answers false when the deliveries are used up before the last of them. */
    private boolean send(List<EventReader.Published> due, String object) {
        int copies =
                troubles.strike(Fault.Kind.DUPLICATE_EVENTS, DELIVER, object).isPresent() ? 2 : 1;
        List<ConsumerEvent> events = new ArrayList<>();
        boolean isWhole = true;
        long latest = position;
        for (EventReader.Published event : due) {
            for (int copy = 0; copy < copies && isWhole; copy++) {
                isWhole = visitor.events().spend(topic);
                if (isWhole) {
                    events.add(consumed(event));
                    latest = event.replayId();
                }
            }
            if (isWhole) {
                requested--;
                parts = event.isLast() ? 0 : parts + 1;
                position = event.isLast() ? event.replayId() : position;
            }
        }
        if (events.isEmpty()) {
            return isWhole;
        }
        if (troubles.strike(Fault.Kind.SHUFFLE_EVENTS, DELIVER, object).isPresent()) {
            Collections.shuffle(events);
        }
        counts.delivered(events.size());
        gate.count(visitor.account(), DELIVER);
        respond(FetchResponse.newBuilder().addAllEvents(events), latest);
        return isWhole;
    }

    private ConsumerEvent consumed(EventReader.Published event) {
        EventType type = visitor.events().typeOfSchema(event.schema()).orElseThrow();
        ByteString payload = event.isGarbled()
                ? ByteString.copyFromUtf8("no Avro")
                : ByteString.copyFrom(AvroPayload.bytes(schemas.of(type), event.payload()));
        String id = UUID.nameUUIDFromBytes((event.schema() + event.replayId()).getBytes(StandardCharsets.UTF_8))
                .toString();
        return ConsumerEvent.newBuilder()
                .setReplayId(ReplayId.bytes(event.replayId()))
                .setEvent(ProducerEvent.newBuilder()
                        .setId(id)
                        .setSchemaId(event.schema())
                        .setPayload(payload))
                .build();
    }

    private void respond(FetchResponse.Builder response, long latest) {
        lastSent = System.nanoTime();
        client.onNext(response.setLatestReplayId(ReplayId.bytes(latest))
                .setRpcId(rpcId)
                .setPendingNumRequested(requested)
                .build());
    }

    /** Does what is due by time; called again and again. */
    synchronized void tick() {
        if (ended || topic == null) {
            return;
        }
        if (!visitor.isAuthorized().getAsBoolean()) {
            fail(PubSubError.AUTH.exception(rpcId));
            return;
        }
        pump();
        long quietMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - lastSent);
        if (ended || silent || System.nanoTime() < notBefore) {
            return;
        }
        if (requested == 0 && quietMillis >= visitor.events().fetchMillis()) {
            complete();
        } else if (requested > 0 && quietMillis >= visitor.events().keepAliveMillis()) {
            long latest = visitor.events().latest();
            // an event that came since the last check is not skipped
            position = visitor.events().after(topic, position, 1).isEmpty() ? latest : position;
            counts.keptAlive();
            respond(FetchResponse.newBuilder(), position);
        }
    }

    /** Ends the stream as a server does that goes. */
    synchronized void cut() {
        fail(PubSubError.cut());
    }

    private void fail(StatusRuntimeException error) {
        if (!ended) {
            end();
            client.onError(error);
        }
    }

    private void complete() {
        if (!ended) {
            end();
            client.onCompleted();
        }
    }

    /** Notes that the client has gone. */
    synchronized void end() {
        if (!ended) {
            ended = true;
            onEnd.run();
        }
    }
}
