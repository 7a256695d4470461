// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Represents an active fault, and how often it still strikes. Beside the settings of its kind, each takes {@code
 * operation} (a name by which the referee counts, or a list), {@code object}, {@code keys} (record ids and key values:
 * calls that read or write one of those records by either name, or their rows for faults of rows), {@code count},
 * {@code probability} and {@code seconds}. {@code src/site/markdown/sandbox.md} documents all of it.
 */
public final class Fault {

    /** Message of an error for which the fault sets none. */
    public static final String MESSAGE = "A fault of the sandbox answers so.";

    /** Kinds of faults. */
    public enum Kind {
        /** A limit is reported as used up: the daily one, or the one that {@code limit} names. */
        REFUSE("refuse"),
        /** 503, or another {@code status}; with {@code "html":true} a maintenance page. */
        UNAVAILABLE("unavailable"),
        /**
         * The whole call is answered {@code status}, with {@code errorCode}, {@code message}, {@code fields} and {@code
         * duplicateResult} in the vendor's form, or with {@code body} as given (a text, or JSON), and with {@code
         * headers} (an object; null removes one). With {@code "when":"before"} (default) nothing is done, with {@code
         * "after"} the work is done first. With the operation {@code compositePart}, only the parts of a Salesforce
         * Composite call on {@code object} are answered so.
         */
        ANSWER("answer"),
        /**
         * The work is done, and the per-record results of its answer are changed: {@code "empty":true}, {@code drop},
         * {@code double} and {@code foreign} (how many), {@code errors} (how many are reported as failed with {@code
         * errorCode} and {@code message}, though they were done), {@code order} ({@code reversed} or {@code shuffled}),
         * {@code created} (true or false), {@code "otherId":true}, {@code "pending":true} (HubSpot's status, without
         * results), {@code "html":true} (a page instead of them, with the same status).
         */
        RESULTS("results"),
        /**
         * The connection is cut: {@code "when":"before"} the work (default), {@code "within"} its answer after half of
         * it ({@code "afterWrite":true} is equal), or {@code "after"} the work, before a byte of the answer.
         */
        RESET("reset"),
        /**
         * The answer comes {@code delayMs} later, or between {@code minMs} and {@code maxMs}. {@code "when":"after"}
         * (default) delays the answer to work that is done, {@code "within"} its second half, {@code "before"} the work
         * itself ({@code "before":true} is equal), which is then done even when the client has disconnected. With the
         * operation of background work, it delays each step of that work.
         */
        SLOW("slow"),
        /** Rows fail with UNABLE_TO_LOCK_ROW. */
        ROW_LOCK("rowLock"),
        /** Rows fail with {@code errorCode}, {@code message} and {@code fields}, and {@code duplicateResult}. */
        PARTIAL("partial"),
        /** All tokens issued until now are invalid. */
        EXPIRE_TOKENS("expireTokens"),
        /** Writes are stamped now and become visible {@code seconds} later. */
        LATE_COMMIT("lateCommit"),
        /**
         * No answer ever comes: {@code "when":"before"} (default) nothing is done, {@code "after"} the work is done
         * ({@code "afterWrite":true} is equal), {@code "within"} half of the answer is sent too.
         */
        HANG("hang"),
        /** A bulk job fails with {@code message}, after {@code afterRows} rows; the others stay unprocessed. */
        JOB_FAILS("jobFails"),
        /** A search does not see the writes of its last {@code lagMs} milliseconds. */
        INDEX_LAG("indexLag"),
        /** A webhook's event is never sent. */
        DROP_EVENTS("dropEvents"),
        /** A webhook's event is sent twice. */
        DUPLICATE_EVENTS("duplicateEvents"),
        /** A webhook's event is sent {@code delayMs} late. */
        LATE_EVENTS("lateEvents"),
        /** Events up to {@code delayMs} younger may overtake an event. */
        SHUFFLE_EVENTS("shuffleEvents"),
        /** A forged event, with a false value and signature, is sent beside an event. */
        FORGE_EVENTS("forgeEvents"),
        /**
         * A Salesforce change event tells only that something changed: its type begins with {@code GAP_}, and it has no
         * fields. With {@code "overflow":true} it has no record ids either.
         */
        GAP_EVENTS("gapEvents"),
        /** A Salesforce event can't be decoded by subscribers of the Pub/Sub API. */
        GARBLE_EVENTS("garbleEvents"),
        /** A Salesforce change event lacks these {@code fields}, as for a user without rights on them. */
        HIDE_FIELDS("hideFields");

        private final String wireName;

        Kind(String wireName) {
            this.wireName = wireName;
        }

        public String wireName() {
            return wireName;
        }
    }

    /** Moment at which a fault strikes, seen from the request's work. */
    public enum When {
        BEFORE,
        WITHIN,
        AFTER
    }

    private final Kind kind;
    private final JsonNode settings;
    private final When when;
    private final Set<String> operations;
    private final Set<String> keys;
    private final String object;
    private final double probability;
    private final long endsAtMicros;
    private long left;

    /** Settings of all kinds. */
    private static final Set<String> SETTINGS = Set.of(
            "kind",
            "operation",
            "object",
            "keys",
            "count",
            "seconds",
            "forSeconds",
            "probability",
            "when",
            "before",
            "afterWrite",
            "status",
            "headers",
            "body",
            "contentType",
            "html",
            "errorCode",
            "message",
            "fields",
            "duplicateResult",
            "whole",
            "retryAfter",
            "limit",
            "order",
            "drop",
            "double",
            "foreign",
            "errors",
            "empty",
            "created",
            "otherId",
            "pending",
            "delayMs",
            "minMs",
            "maxMs",
            "lagMs",
            "afterRows",
            "overflow");

    Fault(Kind kind, JsonNode settings, long nowMicros) {
        this.kind = kind;
        this.settings = settings;
        this.when = when(kind, settings);
        this.operations = texts(settings.path("operation"));
        this.keys = texts(settings.path("keys"));
        this.object = settings.path("object").asText(null);
        this.probability = settings.path("probability").asDouble(1);
        this.left = settings.path("count").asLong(Long.MAX_VALUE);
        // for a late commit the seconds are its length, not the fault's own
        String life = kind == Kind.LATE_COMMIT ? "forSeconds" : "seconds";
        this.endsAtMicros =
                settings.has(life) ? nowMicros + (long) (settings.path(life).asDouble() * 1_000_000) : Long.MAX_VALUE;
    }

    /** Answers the settings that no fault has, such as misspelt ones. */
    static List<String> unknown(JsonNode settings) {
        List<String> names = new ArrayList<>();
        settings.fieldNames().forEachRemaining(names::add);
        names.removeAll(SETTINGS);
        return names;
    }

    public Kind kind() {
        return kind;
    }

    /** Answers the JSON that switched the fault on. */
    public JsonNode settings() {
        return settings;
    }

    /** Answers the moment at which the fault strikes. */
    public When when() {
        return when;
    }

    private static When when(Kind kind, JsonNode settings) {
        if (settings.has("when")) {
            return Arrays.stream(When.values())
                    .filter(w -> w.name().equalsIgnoreCase(settings.path("when").asText()))
                    .filter(w -> w != When.WITHIN || kind != Kind.ANSWER)
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException(
                            "A fault's 'when' is before, within or after (of an " + "answer before or after), not '"
                                    + settings.path("when").asText() + "'."));
        }
        return switch (kind) {
            case SLOW -> settings.path("before").asBoolean() ? When.BEFORE : When.AFTER;
            case RESET -> settings.path("afterWrite").asBoolean() ? When.WITHIN : When.BEFORE;
            case HANG -> settings.path("afterWrite").asBoolean() ? When.AFTER : When.BEFORE;
            default -> When.BEFORE;
        };
    }

    boolean isOver(long nowMicros) {
        return left <= 0 || nowMicros >= endsAtMicros;
    }

    /** @param onlyIfNamed whether a fault without an operation passes this one by: logins are struck when named */
    boolean concerns(String operation, boolean onlyIfNamed) {
        return operations.isEmpty() ? !onlyIfNamed : operations.contains(operation);
    }

    boolean concernsAny(Set<String> objects) {
        return object == null || objects.contains(object);
    }

    /** @param about the records that a call is about: their ids, and the values by which it finds them behind a slash */
    boolean concernsRecords(Set<String> about) {
        return keys.isEmpty()
                || keys.stream()
                        .anyMatch(key -> about.contains(key)
                                || about.stream().anyMatch(one -> one.endsWith("/" + key.toLowerCase(Locale.ROOT))));
    }

    /** Whether the fault strikes the calls or rows of certain records alone. */
    boolean namesRecords() {
        return !keys.isEmpty();
    }

    /** @param names all by which the record is known */
    boolean concernsRow(String ofObject, Set<String> names) {
        return (object == null || object.equals(ofObject))
                && (keys.isEmpty() || keys.stream().anyMatch(names::contains));
    }

    boolean strikes() {
        return probability >= 1 || ThreadLocalRandom.current().nextDouble() < probability;
    }

    void use() {
        left--;
    }

    /** Answers the fields that an error names. */
    public List<String> fields() {
        List<String> fields = new ArrayList<>();
        settings.path("fields").forEach(field -> fields.add(field.asText()));
        return fields;
    }

    /** Answers the delay of a slow answer, in milliseconds. */
    public long delayMillis() {
        if (settings.has("delayMs")) {
            return settings.path("delayMs").asLong();
        }
        long min = settings.path("minMs").asLong(0);
        return ThreadLocalRandom.current()
                .nextLong(min, Math.max(min, settings.path("maxMs").asLong(1000)) + 1);
    }

    /** Answers how long after its stamp a late commit becomes visible, in milliseconds. */
    long lateMillis() {
        return (long) (settings.path("seconds").asDouble(5) * 1000);
    }

    private static Set<String> texts(JsonNode node) {
        Set<String> texts = new HashSet<>();
        if (node.isArray()) {
            node.forEach(one -> texts.add(one.asText()));
        } else if (node.isTextual()) {
            texts.add(node.asText());
        }
        return texts;
    }
}
