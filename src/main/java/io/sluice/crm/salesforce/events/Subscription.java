// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce.events;

import com.google.protobuf.ByteString;
import com.salesforce.eventbus.protobuf.FetchRequest;
import com.salesforce.eventbus.protobuf.FetchResponse;
import com.salesforce.eventbus.protobuf.PubSubGrpc;
import com.salesforce.eventbus.protobuf.ReplayPreset;
import com.salesforce.eventbus.protobuf.SchemaRequest;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.MetadataUtils;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection to Pub/Sub API with one subscription ("Subscribe RPC Method"). The server sends as many events as were
 * requested and no more, so that the queue is bounded. A subscription that nobody polls any more ends with its next event, so
 * that another process does not share the organisation's daily deliveries with it.
 */
final class Subscription implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Subscription.class);
    /** Maximum size of an answer, in bytes: a hundred events may be large. */
    private static final int MAX_ANSWER = 40 << 20;

    private static final long ABANDONED = TimeUnit.SECONDS.toNanos(30);
    /** Wakes a waiting poll when the subscription ends. */
    private static final FetchResponse END = FetchResponse.getDefaultInstance();

    private final ManagedChannel connection;
    private final Channel channel;
    private final Duration callTimeout;
    private final BlockingQueue<FetchResponse> answers = new LinkedBlockingQueue<>();
    private volatile long polledAt = System.nanoTime();
    private volatile long answeredAt = System.nanoTime();
    private volatile Throwable end;
    private ClientCallStreamObserver<FetchRequest> requests;

    private final class Answers implements ClientResponseObserver<FetchRequest, FetchResponse> {

        @Override
        public void beforeStart(ClientCallStreamObserver<FetchRequest> call) {
            requests = call;
        }

        @Override
        public void onNext(FetchResponse answer) {
            answeredAt = System.nanoTime();
            if (answeredAt - polledAt > ABANDONED) {
                requests.cancel("nobody polls the subscription", null);
            } else {
                answers.add(answer);
            }
        }

        @Override
        public void onError(Throwable failure) {
            end = failure;
            answers.add(END);
        }

        @Override
        public void onCompleted() {
            onError(Status.UNAVAILABLE.withDescription("completed").asException());
        }
    }

    Subscription(EventEndpoint endpoint, EventLogin.Session session, Duration callTimeout) {
        this.callTimeout = callTimeout;
        this.connection = NettyChannelBuilder.forTarget(
                        endpoint.address(),
                        endpoint.plaintext() ? InsecureChannelCredentials.create() : TlsChannelCredentials.create())
                .maxInboundMessageSize(MAX_ANSWER)
                .build();
        this.channel =
                ClientInterceptors.intercept(connection, MetadataUtils.newAttachHeadersInterceptor(metadata(session)));
    }

    private static Metadata metadata(EventLogin.Session session) {
        Metadata metadata = new Metadata();
        metadata.put(key("accesstoken"), session.token());
        metadata.put(key("instanceurl"), session.instanceUrl());
        metadata.put(key("tenantid"), session.organisation());
        return metadata;
    }

    private static Metadata.Key<String> key(String name) {
        return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
    }

    /**
     * Subscribes.
     *
     * @param replayId  id after which the events begin; null for those from now on
     * @param requested number of events that the server may send
     */
    void begin(String topic, ByteString replayId, int requested) {
        PubSubGrpc.newStub(channel).subscribe(new Answers());
        FetchRequest.Builder first =
                FetchRequest.newBuilder().setTopicName(topic).setNumRequested(requested);
        if (replayId == null) {
            first.setReplayPreset(ReplayPreset.LATEST);
        } else {
            first.setReplayPreset(ReplayPreset.CUSTOM).setReplayId(replayId);
        }
        requests.onNext(first.build());
    }

    /** Requests more events. */
    void request(String topic, int number) {
        try {
            requests.onNext(FetchRequest.newBuilder()
                    .setTopicName(topic)
                    .setNumRequested(number)
                    .build());
        } catch (IllegalStateException over) {
            LOG.debug("The subscription has just ended, as the next poll shows", over);
        }
    }

    /** Returns the next answer; null if none arrives in time. Answers that arrived before the end are returned first. */
    FetchResponse poll(Duration atMost) throws InterruptedException {
        polledAt = System.nanoTime();
        FetchResponse answer = atMost.isZero() ? answers.poll() : answers.poll(atMost.toNanos(), TimeUnit.NANOSECONDS);
        return answer == END ? null : answer;
    }

    /** Returns why the server ended the subscription; null while it lasts. */
    Throwable end() {
        return end;
    }

    /** Returns the time since the last answer, or since the beginning. */
    Duration silence() {
        return Duration.ofNanos(System.nanoTime() - answeredAt);
    }

    /** Reads a schema, as JSON. */
    String schema(String id) {
        return PubSubGrpc.newBlockingStub(channel)
                .withDeadlineAfter(callTimeout.toMillis(), TimeUnit.MILLISECONDS)
                .getSchema(SchemaRequest.newBuilder().setSchemaId(id).build())
                .getSchemaJson();
    }

    @Override
    public void close() {
        connection.shutdownNow();
    }
}
