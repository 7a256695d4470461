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
 * A fault that was switched on, and how much of it is left. Beside what its kind reads, each takes {@code operation} (a
 * name by which the referee counts, or a list), {@code object}, {@code keys} (record ids and values of keys: calls that
 * read or write one of those records, whichever of the two they name it by, or their rows for faults of rows),
 * {@code count}, {@code probability} and {@code seconds}. {@code src/site/markdown/sandbox.md} describes all of it.
 */
public final class Fault {

    /** What goes wrong. */
    public enum Kind {
        /** A refusal, whatever is used, by the daily limit or the one that {@code limit} names. */
        REFUSE("refuse"),
        /** 503, or another {@code status}; with {@code "html":true} a maintenance page. */
        UNAVAILABLE("unavailable"),
        /**
         * The whole call is answered {@code status}, with {@code errorCode}, {@code message}, {@code fields} and
         * {@code duplicateResult} in the vendor's form, or with {@code body} as it stands (a text, or JSON), and with
         * {@code headers} (an object; null takes one away). With {@code "when":"before"} (default) nothing is done, with
         * {@code "after"} the work is done first. Where it names {@code compositePart}, only the parts of a Salesforce
         * Composite call that are about {@code object}.
         */
        ANSWER("answer"),
        /**
         * The work is done, and the per-record results of its answer are changed: {@code "empty":true}, {@code drop},
         * {@code double} and {@code foreign} (how many), {@code errors} (how many are told as failed, with
         * {@code errorCode} and {@code message}, though they were done), {@code order} ({@code reversed} or
         * {@code shuffled}), {@code created} (true or false), {@code "otherId":true}, {@code "pending":true} (HubSpot's
         * status, without results), {@code "html":true} (a page instead of them, with the same status).
         */
        RESULTS("results"),
        /**
         * The connection is cut: {@code "when":"before"} the work (default), {@code "within"} its answer, of which half is
         * sent ({@code "afterWrite":true} is the same), or {@code "after"} the work, before a byte of the answer.
         */
        RESET("reset"),
        /**
         * The answer comes {@code delayMs} later, or between {@code minMs} and {@code maxMs}. {@code "when":"after"}
         * (default) holds back the answer to work that is done, {@code "within"} its second half, {@code "before"} the work
         * itself ({@code "before":true} is the same), which is then done even when the client has gone. Where it names the
         * operation of work behind the requests, it holds back each step of that.
         */
        SLOW("slow"),
        /** Rows fail with UNABLE_TO_LOCK_ROW. */
        ROW_LOCK("rowLock"),
        /** Rows fail with {@code errorCode}, {@code message} and {@code fields}, and {@code duplicateResult}. */
        PARTIAL("partial"),
        /** All tokens given out until now are dead. */
        EXPIRE_TOKENS("expireTokens"),
        /** Writes are stamped now and become visible {@code seconds} later. */
        LATE_COMMIT("lateCommit"),
        /**
         * No answer ever: {@code "when":"before"} (default) nothing is done, {@code "after"} the work is
         * ({@code "afterWrite":true} is the same), {@code "within"} half of the answer comes too.
         */
        HANG("hang"),
        /** A bulk job ends as failed with {@code message}, after {@code afterRows} rows; the others stay unprocessed. */
        JOB_FAILS("jobFails"),
        /** A search does not see what was written in its last {@code lagMs} milliseconds. */
        INDEX_LAG("indexLag"),
        /** A webhook's event is never sent. */
        DROP_EVENTS("dropEvents"),
        /** It is sent twice. */
        DUPLICATE_EVENTS("duplicateEvents"),
        /** It is sent {@code delayMs} late. */
        LATE_EVENTS("lateEvents"),
        /** Others that come up to {@code delayMs} after it may overtake it. */
        SHUFFLE_EVENTS("shuffleEvents"),
        /** One that has a false value and signature is sent beside it. */
        FORGE_EVENTS("forgeEvents");

        private final String wireName;

        Kind(String wireName) {
            this.wireName = wireName;
        }

        public String wireName() {
            return wireName;
        }
    }

    /** When a fault strikes, seen from the request's work. */
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

    public Kind kind() {
        return kind;
    }

    /** The JSON it was switched on with. */
    public JsonNode settings() {
        return settings;
    }

    /** At which moment it strikes. */
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

    /** Whether it strikes the calls or rows of certain records alone. */
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

    /** The fields that an error names. */
    public List<String> fields() {
        List<String> fields = new ArrayList<>();
        settings.path("fields").forEach(field -> fields.add(field.asText()));
        return fields;
    }

    /** How long a slow answer is delayed, in milliseconds. */
    public long delayMillis() {
        if (settings.has("delayMs")) {
            return settings.path("delayMs").asLong();
        }
        long min = settings.path("minMs").asLong(0);
        return ThreadLocalRandom.current()
                .nextLong(min, Math.max(min, settings.path("maxMs").asLong(1000)) + 1);
    }

    /** How long after its stamp a late commit becomes visible, in milliseconds. */
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
