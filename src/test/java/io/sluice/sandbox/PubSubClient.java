// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.salesforce.eventbus.protobuf.ConsumerEvent;
import com.salesforce.eventbus.protobuf.FetchRequest;
import com.salesforce.eventbus.protobuf.FetchResponse;
import com.salesforce.eventbus.protobuf.PubSubGrpc;
import com.salesforce.eventbus.protobuf.ReplayPreset;
import com.salesforce.eventbus.protobuf.SchemaRequest;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;

/** Subscribes to the sandbox's Pub/Sub API as a program of its own would. */
final class PubSubClient implements AutoCloseable {

    static final String CONTACTS = "/data/ContactChangeEvent";
    private static final String CODE_PREFIX = "sfdc.platform.eventbus.grpc.";
    private static final Metadata.Key<String> CODE = key("error-code");

    private final ManagedChannel channel;
    private final Metadata headers = new Metadata();
    private final Map<String, Schema> schemas = new ConcurrentHashMap<>();

    /** Connects in plain text. */
    PubSubClient(int port, String token) {
        this(NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build(), token);
    }

    PubSubClient(ManagedChannel channel, String token) {
        this.channel = channel;
        with("accesstoken", token);
        with("instanceurl", "http://127.0.0.1");
        // a token begins with the id of the organization
        with("tenantid", token.substring(0, token.indexOf('!')));
    }

    /** Sets a header in place of that before; null removes it. */
    PubSubClient with(String header, String value) {
        headers.removeAll(key(header));
        if (value != null) {
            headers.put(key(header), value);
        }
        return this;
    }

    PubSubGrpc.PubSubBlockingStub calls() {
        return PubSubGrpc.newBlockingStub(channel)
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
                .withDeadlineAfter(20, TimeUnit.SECONDS);
    }

    /** Subscribes, and answers at once. */
    Subscription subscribe(FetchRequest request) {
        return new Subscription(
                PubSubGrpc.newStub(channel).withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers)),
                request);
    }

    Subscription subscribe(String topic, ReplayPreset from, int events) {
        return subscribe(request(topic, from, events).build());
    }

    /** Subscribes after a replay id. */
    Subscription subscribe(String topic, ByteString replayId, int events) {
        return subscribe(request(topic, ReplayPreset.CUSTOM, events)
                .setReplayId(replayId)
                .build());
    }

    static FetchRequest.Builder request(String topic, ReplayPreset from, int events) {
        return FetchRequest.newBuilder()
                .setTopicName(topic)
                .setReplayPreset(from)
                .setNumRequested(events);
    }

    Schema schema(String id) {
        return schemas.computeIfAbsent(id, key -> new Schema.Parser()
                .parse(calls().getSchema(
                                SchemaRequest.newBuilder().setSchemaId(key).build())
                        .getSchemaJson()));
    }

    GenericRecord decoded(ConsumerEvent event) {
        try {
            return new GenericDatumReader<GenericRecord>(schema(event.getEvent().getSchemaId()))
                    .read(
                            null,
                            DecoderFactory.get()
                                    .binaryDecoder(event.getEvent().getPayload().toByteArray(), null));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static GenericRecord header(GenericRecord event) {
        return (GenericRecord) event.get("ChangeEventHeader");
    }

    /** Reads a list of bitmaps as the vendor's samples do. */
    static List<String> names(GenericRecord event, String list) {
        List<String> names = new ArrayList<>();
        for (Object element : (List<?>) header(event).get(list)) {
            String text = element.toString();
            if (text.startsWith("0x")) {
                set(text, event.getSchema()).forEach(field -> names.add(field.name()));
            } else {
                int dash = text.indexOf('-');
                Schema.Field parent = event.getSchema().getFields().get(Integer.parseInt(text.substring(0, dash)));
                Schema parts = parent.schema().getTypes().get(1);
                set(text.substring(dash + 1), parts).forEach(part -> names.add(parent.name() + "." + part.name()));
            }
        }
        return names;
    }

    private static List<Schema.Field> set(String bitmap, Schema schema) {
        assertThat(bitmap).matches("0x([0-9A-F]{2})+");
        BigInteger bits = new BigInteger(bitmap.substring(2), 16);
        return schema.getFields().stream()
                .filter(field -> bits.testBit(field.pos()))
                .toList();
    }

    /** Answers the code of an error without its prefix, behind the status. */
    static String code(Throwable error) {
        assertThat(error).isInstanceOf(StatusRuntimeException.class);
        StatusRuntimeException refused = (StatusRuntimeException) error;
        String code =
                refused.getTrailers() == null ? null : refused.getTrailers().get(CODE);
        assertThat(code == null || code.startsWith(CODE_PREFIX)).as(code).isTrue();
        Status.Code status = refused.getStatus().getCode();
        return code == null ? status.toString() : status + " " + code.substring(CODE_PREFIX.length());
    }

    private static Metadata.Key<String> key(String name) {
        return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }

    /** Represents a stream of events. */
    final class Subscription implements StreamObserver<FetchResponse> {

        private final StreamObserver<FetchRequest> requests;
        private final BlockingQueue<FetchResponse> responses = new LinkedBlockingQueue<>();
        private volatile Throwable error;
        private volatile boolean completed;

        private Subscription(PubSubGrpc.PubSubStub stub, FetchRequest first) {
            requests = stub.subscribe(this);
            requests.onNext(first);
        }

        void request(int events) {
            requests.onNext(FetchRequest.newBuilder().setNumRequested(events).build());
        }

        void request(FetchRequest request) {
            requests.onNext(request);
        }

        void end() {
            requests.onCompleted();
        }

        @Override
        public void onNext(FetchResponse response) {
            responses.add(response);
        }

        @Override
        public void onError(Throwable failure) {
            error = failure;
        }

        @Override
        public void onCompleted() {
            completed = true;
        }

        FetchResponse response() {
            try {
                FetchResponse response = responses.poll(20, TimeUnit.SECONDS);
                assertThat(response)
                        .as("a response; the stream ended with %s", error)
                        .isNotNull();
                return response;
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        /** Waits for so many events, in however many responses. */
        List<ConsumerEvent> events(int number) {
            List<ConsumerEvent> events = new ArrayList<>();
            while (events.size() < number) {
                events.addAll(response().getEventsList());
            }
            assertThat(events).hasSize(number);
            return events;
        }

        GenericRecord event() {
            return decoded(events(1).get(0));
        }

        List<GenericRecord> decodedEvents(int number) {
            return events(number).stream().map(PubSubClient.this::decoded).toList();
        }

        boolean isEmpty() {
            return responses.isEmpty();
        }

        /** Waits until the server ends the stream, and answers the code. */
        String ended() {
            await().until(() -> error != null || completed);
            return completed ? "completed" : code(error);
        }

        boolean isOpen() {
            return error == null && !completed;
        }
    }
}
