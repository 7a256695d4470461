// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce.events;

import com.google.protobuf.ByteString;
import com.salesforce.eventbus.protobuf.ConsumerEvent;
import com.salesforce.eventbus.protobuf.FetchRequest;
import com.salesforce.eventbus.protobuf.FetchResponse;
import com.salesforce.eventbus.protobuf.ProducerEvent;
import com.salesforce.eventbus.protobuf.PubSubGrpc;
import com.salesforce.eventbus.protobuf.ReplayPreset;
import com.salesforce.eventbus.protobuf.SchemaInfo;
import com.salesforce.eventbus.protobuf.SchemaRequest;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;

/** Pub/Sub API within the test: keeps what is published, sends as much as is requested, and fails when a test says so. */
public final class FakePubSub extends PubSubGrpc.PubSubImplBase implements AutoCloseable {

    static final String CODE = "sfdc.platform.eventbus.grpc.";
    private static final Metadata.Key<String> ERROR_CODE =
            Metadata.Key.of("error-code", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> TOKEN = Metadata.Key.of("accesstoken", Metadata.ASCII_STRING_MARSHALLER);

    private final Server server;
    private final List<ProducerEvent> events = new ArrayList<>();
    private final Map<String, String> schemas =
            new HashMap<>(Map.of(ContactEvents.SCHEMA_ID, ContactEvents.SCHEMA.toString()));
    private final Queue<StatusRuntimeException> failures = new ArrayDeque<>();
    private final Queue<StatusRuntimeException> schemaFailures = new ArrayDeque<>();
    private final List<String> tokens = new ArrayList<>();
    private final List<FetchRequest> subscribed = new ArrayList<>();
    private final List<Visit> visits = new ArrayList<>();
    private int retainedFrom;
    private int schemasRead;
    private int delivered;
    private boolean silent;

    private final class Visit implements StreamObserver<FetchRequest> {
        private final ServerCallStreamObserver<FetchResponse> client;
        private int position = -1;
        private int pending;
        private boolean over;

        private Visit(StreamObserver<FetchResponse> client) {
            this.client = (ServerCallStreamObserver<FetchResponse>) client;
            this.client.setOnCancelHandler(() -> {
                synchronized (FakePubSub.this) {
                    over = true;
                }
            });
        }

        @Override
        public void onNext(FetchRequest request) {
            synchronized (FakePubSub.this) {
                if (position < 0) {
                    begin(request);
                }
                pending += request.getNumRequested();
                deliver();
            }
        }

        private void begin(FetchRequest request) {
            subscribed.add(request);
            StatusRuntimeException failure = failures.poll();
            if (failure != null) {
                end(failure);
                return;
            }
            position = events.size();
            if (request.getReplayPreset() == ReplayPreset.CUSTOM) {
                int after = number(request.getReplayId());
                if (after < retainedFrom || after > events.size()) {
                    end(failure(Status.INVALID_ARGUMENT, CODE + "subscription.fetch.replayid.corrupted"));
                    return;
                }
                position = after;
            }
        }

        private void deliver() {
            while (!over && !silent && position < events.size() && pending > 0) {
                FetchResponse.Builder answer = FetchResponse.newBuilder();
                for (; position < events.size() && pending > 0; pending--) {
                    position++;
                    delivered++;
                    answer.addEvents(ConsumerEvent.newBuilder()
                            .setEvent(events.get(position - 1))
                            .setReplayId(replayId(position)));
                }
                client.onNext(answer.setLatestReplayId(replayId(position))
                        .setPendingNumRequested(pending)
                        .build());
            }
        }

        private void end(StatusRuntimeException failure) {
            over = true;
            if (failure == null) {
                client.onCompleted();
            } else {
                client.onError(failure);
            }
        }

        @Override
        public void onError(Throwable gone) {
            synchronized (FakePubSub.this) {
                over = true;
            }
        }

        @Override
        public void onCompleted() {
            synchronized (FakePubSub.this) {
                over = true;
            }
        }
    }

    public FakePubSub() throws IOException {
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(this)
                .intercept(new ServerInterceptor() {
                    @Override
                    public <Q, A> ServerCall.Listener<Q> interceptCall(
                            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
                        synchronized (FakePubSub.this) {
                            tokens.add(headers.get(TOKEN));
                        }
                        return next.startCall(call, headers);
                    }
                })
                .build()
                .start();
    }

    public int port() {
        return server.getPort();
    }

    static ByteString replayId(int number) {
        return ByteString.copyFrom("replay-" + number, StandardCharsets.UTF_8);
    }

    private static int number(ByteString replayId) {
        String text = replayId.toStringUtf8();
        return text.matches("replay-\\d+") ? Integer.parseInt(text.substring(7)) : -1;
    }

    static StatusRuntimeException failure(Status status, String code) {
        Metadata trailers = new Metadata();
        if (code != null) {
            trailers.put(ERROR_CODE, code);
        }
        return status.withDescription("secret-token in a description").asRuntimeException(trailers);
    }

    @Override
    public StreamObserver<FetchRequest> subscribe(StreamObserver<FetchResponse> client) {
        Visit visit = new Visit(client);
        synchronized (this) {
            visits.add(visit);
        }
        return visit;
    }

    @Override
    public void getSchema(SchemaRequest request, StreamObserver<SchemaInfo> client) {
        StatusRuntimeException failure;
        String schema;
        synchronized (this) {
            schemasRead++;
            failure = schemaFailures.poll();
            schema = schemas.get(request.getSchemaId());
        }
        if (failure != null || schema == null) {
            client.onError(failure != null ? failure : Status.NOT_FOUND.asRuntimeException());
            return;
        }
        client.onNext(SchemaInfo.newBuilder()
                .setSchemaId(request.getSchemaId())
                .setSchemaJson(schema)
                .build());
        client.onCompleted();
    }

    public synchronized void publish(ContactEvents... contacts) {
        for (ContactEvents contact : contacts) {
            publish(contact.event());
        }
    }

    synchronized void publish(ProducerEvent event) {
        events.add(event);
        visits.forEach(Visit::deliver);
    }

    /** Sends the empty answer that says that a subscription lives. */
    public synchronized void keepAlive() {
        visits.stream().filter(visit -> !visit.over && visit.position >= 0).forEach(visit -> {
            visit.position = events.size();
            visit.client.onNext(FetchResponse.newBuilder()
                    .setLatestReplayId(replayId(visit.position))
                    .build());
        });
    }

    synchronized void schema(String id, String json) {
        schemas.put(id, json);
    }

    /** Fails the next attempts to subscribe. */
    synchronized void failNext(int times, Status status, String code) {
        for (int i = 0; i < times; i++) {
            failures.add(failure(status, code));
        }
    }

    synchronized void failNextSchema(Status status) {
        schemaFailures.add(failure(status, null));
    }

    /** Ends all subscriptions; without a status as a server that completes them. */
    public synchronized void end(Status status, String code) {
        visits.stream()
                .filter(visit -> !visit.over)
                .forEach(visit -> visit.end(status == null ? null : failure(status, code)));
    }

    /** Forgets the events, so that older replay ids are refused. */
    public synchronized void forget() {
        retainedFrom = events.size() + 1;
        events.add(ContactEvents.of("GAP_OVERFLOW").event());
    }

    synchronized void silent(boolean now) {
        silent = now;
        visits.forEach(Visit::deliver);
    }

    synchronized List<FetchRequest> subscribed() {
        return List.copyOf(subscribed);
    }

    synchronized List<String> tokens() {
        return List.copyOf(tokens);
    }

    synchronized int schemasRead() {
        return schemasRead;
    }

    synchronized int delivered() {
        return delivered;
    }

    synchronized int pending() {
        return visits.stream()
                .filter(visit -> !visit.over)
                .mapToInt(visit -> visit.pending)
                .sum();
    }

    public synchronized long open() {
        return visits.stream()
                .filter(visit -> !visit.over && visit.position >= 0)
                .count();
    }

    @Override
    public void close() {
        server.shutdownNow();
    }
}
