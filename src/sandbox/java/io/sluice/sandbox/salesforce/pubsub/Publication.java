// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.pubsub;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.salesforce.eventbus.protobuf.Error;
import com.salesforce.eventbus.protobuf.ErrorCode;
import com.salesforce.eventbus.protobuf.ProducerEvent;
import com.salesforce.eventbus.protobuf.PublishRequest;
import com.salesforce.eventbus.protobuf.PublishResponse;
import com.salesforce.eventbus.protobuf.PublishResult;
import io.sluice.sandbox.salesforce.streaming.EventType;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;

/** Publishes platform events. Each event has a result of its own; the events of a request need not all succeed. */
final class Publication {

    private static final String TOPIC_PREFIX = "/event/";

    private final Visitor visitor;
    private final AvroSchemas schemas;
    private final String rpcId;

    Publication(Visitor visitor, AvroSchemas schemas, String rpcId) {
        this.visitor = visitor;
        this.schemas = schemas;
        this.rpcId = rpcId;
    }

    PublishResponse publish(PublishRequest request) {
        String topic = request.getTopicName();
        EventType type = visitor.events()
                .typeOf(topic)
                .orElseThrow(() ->
                        (topic.isBlank() ? PubSubError.TOPIC_EMPTY : PubSubError.TOPIC_NOT_FOUND).exception(rpcId));
        if (type.isChange()) {
            throw PubSubError.CANNOT_PUBLISH.exception(rpcId);
        }
        if (request.getEventsCount() == 0) {
            throw PubSubError.NO_EVENTS.exception(rpcId);
        }
        PublishResponse.Builder response =
                PublishResponse.newBuilder().setRpcId(rpcId).setSchemaId(type.schema());
        for (ProducerEvent event : request.getEventsList()) {
            PublishResult.Builder result = PublishResult.newBuilder().setCorrelationKey(event.getId());
            published(topic.substring(TOPIC_PREFIX.length()), event)
                    .ifPresentOrElse(
                            reason -> result.setError(Error.newBuilder()
                                    .setCode(ErrorCode.PUBLISH)
                                    .setMsg(reason)),
                            () -> result.setReplayId(
                                    ReplayId.bytes(visitor.events().latest())));
            response.addResults(result);
        }
        return response.build();
    }

    /** Publishes an event; answers the reason when it can't. */
    private Optional<String> published(String name, ProducerEvent event) {
        Optional<EventType> type = visitor.events()
                .typeOfSchema(event.getSchemaId())
                .filter(one -> one.name().equals(name));
        if (type.isEmpty()) {
            return Optional.of("The schema is not that of the event.");
        }
        Schema schema = schemas.of(type.get());
        GenericRecord record;
        try {
            record = new GenericDatumReader<GenericRecord>(schema)
                    .read(
                            null,
                            DecoderFactory.get()
                                    .binaryDecoder(event.getPayload().toByteArray(), null));
        } catch (IOException | AvroRuntimeException | IndexOutOfBoundsException e) {
            return Optional.of("The payload can't be decoded with the schema.");
        }
        ObjectNode values = JsonNodeFactory.instance.objectNode();
        for (Schema.Field field : schema.getFields()) {
            Object value = record.get(field.pos());
            // who created the event, and when, is the org's to say
            if (value != null && !field.name().startsWith("Created")) {
                put(values, field, value);
            }
        }
        return Optional.ofNullable(visitor.publisher().publish(name, values));
    }

    private static void put(ObjectNode values, Schema.Field field, Object value) {
        String name = field.name();
        if (value instanceof Boolean flag) {
            values.put(name, flag);
        } else if (value instanceof Integer number) {
            values.put(name, number);
        } else if (value instanceof Double number) {
            values.put(name, number);
        } else if (value instanceof Long moment) {
            String text = Instant.ofEpochMilli(moment).toString();
            values.put(
                    name,
                    field.doc().contains("DateOnly")
                            ? text.substring(0, 10)
                            : field.doc().contains("TimeOnly") ? text.substring(11) : text);
        } else {
            values.put(name, value.toString());
        }
    }
}
