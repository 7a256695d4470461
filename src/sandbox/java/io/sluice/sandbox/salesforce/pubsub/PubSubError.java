// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.pubsub;

import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.Arrays;

/**
 * Names the errors of the Pub/Sub API (<a
 * href="https://developer.salesforce.com/docs/platform/pub-sub-api/guide/handling-errors.html">Handle Errors</a>). The
 * code is the trailer {@code error-code}; the guide lists codes and causes, most gRPC statuses are from memory.
 */
enum PubSubError {
    SERVICE_UNAVAILABLE(Status.Code.UNAVAILABLE, "service.unavailable", "The service is unavailable. Try again later."),
    AUTH_HEADERS(
            Status.Code.UNAUTHENTICATED,
            "service.auth.headers.invalid",
            "The value of an authentication header is blank or invalid."),
    AUTH(
            Status.Code.UNAUTHENTICATED,
            "service.auth.error",
            "An authentication exception occurred. Provide valid authentication credentials."),
    TOPIC_EMPTY(Status.Code.INVALID_ARGUMENT, "topic.validation.empty", "The topic name is blank."),
    TOPIC_NOT_FOUND(Status.Code.NOT_FOUND, "topic.not.found", "The topic doesn't exist."),
    SCHEMA_EMPTY(Status.Code.INVALID_ARGUMENT, "schema.validation.failed", "The schema ID is blank."),
    SCHEMA_NOT_FOUND(Status.Code.NOT_FOUND, "schema.meta.permission", "The schema can't be accessed."),
    REPLAY_ID_MISSING(
            Status.Code.INVALID_ARGUMENT,
            "subscription.fetch.replayid.validation.failed",
            "The Replay ID validation failed. Ensure that the Replay ID is valid."),
    REPLAY_ID_CORRUPTED(
            Status.Code.INVALID_ARGUMENT,
            "subscription.fetch.replayid.corrupted",
            "The Replay ID validation failed. Ensure that the replay_id field value in FetchRequest is valid and "
                    + "refers to an event that is within the retention window."),
    NOTHING_REQUESTED(
            Status.Code.INVALID_ARGUMENT,
            "subscription.fetch.requested.events.invalid",
            "The number of requested events must be greater than zero."),
    TOPIC_MISMATCH(
            Status.Code.INVALID_ARGUMENT,
            "subscription.fetch.topic.mismatch",
            "The topic name differs from that of the first request of the stream."),
    LIMIT(
            Status.Code.RESOURCE_EXHAUSTED,
            "subscription.limit.exceeded",
            "The organization's event delivery limit of 24 hours is exceeded."),
    NO_EVENTS(Status.Code.INVALID_ARGUMENT, "publish.event.count.invalid", "The request contains no events."),
    CANNOT_PUBLISH(Status.Code.PERMISSION_DENIED, "publish.topic.cannot.publish", "The topic takes no events.");

    static final Metadata.Key<String> CODE = Metadata.Key.of("error-code", Metadata.ASCII_STRING_MARSHALLER);
    private static final String PREFIX = "sfdc.platform.eventbus.grpc.";

    private final Status.Code status;
    private final String code;
    private final String message;

    PubSubError(Status.Code status, String code, String message) {
        this.status = status;
        this.code = code;
        this.message = message;
    }

    Status status(String rpcId) {
        return status(status, message, rpcId);
    }

    Metadata trailers() {
        return trailers(PREFIX + code);
    }

    StatusRuntimeException exception(String rpcId) {
        return new StatusRuntimeException(status(rpcId), trailers());
    }

    /**
     * Answers the error that a fault names by its code, with or without the prefix.
     *
     * @param message null for the usual one
     */
    static StatusRuntimeException named(String code, String message, String rpcId) {
        String suffix = code.startsWith(PREFIX) ? code.substring(PREFIX.length()) : code;
        PubSubError known = Arrays.stream(values())
                .filter(error -> error.code.equals(suffix))
                .findFirst()
                .orElse(null);
        String words = message != null ? message : known == null ? "A fault of the sandbox answers so." : known.message;
        return new StatusRuntimeException(
                status(known == null ? Status.Code.INTERNAL : known.status, words, rpcId), trailers(PREFIX + suffix));
    }

    /** Answers how a stream ends whose server goes: without a code. */
    static StatusRuntimeException cut() {
        return new StatusRuntimeException(
                Status.UNAVAILABLE.withDescription("The connection was closed by the server."), new Metadata());
    }

    private static Status status(Status.Code status, String words, String rpcId) {
        return status.toStatus().withDescription(words + " rpcId: " + rpcId);
    }

    private static Metadata trailers(String wholeCode) {
        Metadata trailers = new Metadata();
        trailers.put(CODE, wholeCode);
        return trailers;
    }
}
