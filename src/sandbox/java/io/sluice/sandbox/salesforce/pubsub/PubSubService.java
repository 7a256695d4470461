// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.pubsub;

import com.salesforce.eventbus.protobuf.FetchRequest;
import com.salesforce.eventbus.protobuf.FetchResponse;
import com.salesforce.eventbus.protobuf.PubSubGrpc;
import com.salesforce.eventbus.protobuf.PublishRequest;
import com.salesforce.eventbus.protobuf.PublishResponse;
import com.salesforce.eventbus.protobuf.SchemaInfo;
import com.salesforce.eventbus.protobuf.SchemaRequest;
import com.salesforce.eventbus.protobuf.TopicInfo;
import com.salesforce.eventbus.protobuf.TopicRequest;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.sluice.sandbox.salesforce.streaming.EventType;
import io.sluice.sandbox.server.Account;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/**
 * Answers the calls of the Pub/Sub API (<a
 * href="https://developer.salesforce.com/docs/platform/pub-sub-api/references/methods/pubsub-api-rpc-methods.html">RPC
 * Methods</a>). Its calls spend no API request; deliveries are counted.
 */
final class PubSubService extends PubSubGrpc.PubSubImplBase {

    private static final String TOPIC = "pubsubTopic";
    private static final String SCHEMA = "pubsubSchema";
    private static final String PUBLISH = "pubsubPublish";

    private final Gate gate;
    private final Executor executor;
    private final AvroSchemas schemas = new AvroSchemas();
    private final Map<Account, Delivered> accounts = new ConcurrentHashMap<>();

    /** @param executor delivers events by other threads than those that write records */
    PubSubService(Gate gate, Executor executor) {
        this.gate = gate;
        this.executor = executor;
    }

    /** Computes an answer, or throws the error. */
    private interface Work<R> {
        R answer(Visitor visitor, String rpcId);
    }

    @Override
    public void getTopic(TopicRequest request, StreamObserver<TopicInfo> client) {
        answer(TOPIC, client, (visitor, rpcId) -> {
            String topic = request.getTopicName();
            if (topic.isBlank()) {
                throw PubSubError.TOPIC_EMPTY.exception(rpcId);
            }
            if (!visitor.events().exists(topic)) {
                throw PubSubError.TOPIC_NOT_FOUND.exception(rpcId);
            }
            Optional<EventType> type = visitor.events().typeOf(topic);
            return TopicInfo.newBuilder()
                    .setTopicName(topic)
                    .setTenantGuid("core/sandbox/" + gate.organization())
                    .setCanPublish(type.filter(one -> !one.isChange()).isPresent())
                    .setCanSubscribe(true)
                    .setSchemaId(type.map(EventType::schema).orElse(""))
                    .setRpcId(rpcId)
                    .build();
        });
    }

    @Override
    public void getSchema(SchemaRequest request, StreamObserver<SchemaInfo> client) {
        answer(SCHEMA, client, (visitor, rpcId) -> {
            if (request.getSchemaId().isBlank()) {
                throw PubSubError.SCHEMA_EMPTY.exception(rpcId);
            }
            EventType type = visitor.events()
                    .typeOfSchema(request.getSchemaId())
                    .orElseThrow(() -> PubSubError.SCHEMA_NOT_FOUND.exception(rpcId));
            return SchemaInfo.newBuilder()
                    .setSchemaJson(schemas.of(type).toString())
                    .setSchemaId(type.schema())
                    .setRpcId(rpcId)
                    .build();
        });
    }

    @Override
    public void publish(PublishRequest request, StreamObserver<PublishResponse> client) {
        answer(PUBLISH, client, (visitor, rpcId) -> new Publication(visitor, schemas, rpcId).publish(request));
    }

    private <R> void answer(String operation, StreamObserver<R> client, Work<R> work) {
        Visitor visitor = Authentication.VISITOR.get();
        String rpcId = UUID.randomUUID().toString();
        gate.count(visitor.account(), operation);
        R answer;
        try {
            Optional<StatusRuntimeException> error = new Troubles(visitor.account(), rpcId).error(operation, "");
            if (error.isPresent()) {
                client.onError(error.get());
                return;
            }
            answer = work.answer(visitor, rpcId);
        } catch (StatusRuntimeException refused) {
            client.onError(refused);
            return;
        }
        client.onNext(answer);
        client.onCompleted();
    }

    @Override
    public StreamObserver<FetchRequest> subscribe(StreamObserver<FetchResponse> client) {
        Visitor visitor = Authentication.VISITOR.get();
        Delivered account = accounts.computeIfAbsent(visitor.account(), key -> first(visitor));
        ServerCallStreamObserver<FetchResponse> call = (ServerCallStreamObserver<FetchResponse>) client;
        Subscription[] self = new Subscription[1];
        self[0] = new Subscription(visitor, gate, schemas, call, account, () -> account.remove(self[0]));
        account.add(self[0]);
        call.setOnCancelHandler(self[0]::end);
        return self[0];
    }

    /** Begins to count an account's deliveries, and to deliver what is published from now on. */
    private Delivered first(Visitor visitor) {
        Delivered account = new Delivered();
        visitor.account().add(account);
        visitor.events().onPublish(() -> {
            if (account.mayWake()) {
                executor.execute(account::wake);
            }
        });
        return account;
    }

    void tick() {
        accounts.values().forEach(Delivered::tick);
    }

    /** Ends an account's subscriptions as a server does that goes. */
    void cut(Account account) {
        Optional.ofNullable(accounts.get(account)).ifPresent(Delivered::cut);
    }
}
