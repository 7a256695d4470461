package io.sluice.outbox;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * That somebody has stopped an account or a sync, or that its CRM has.
 *
 * @param reason in their words, or null
 * @param until  when it ends by itself, or null
 */
public record Pause(Kind kind, String name, By by, String reason, Instant since, Instant until) {

    /** Until somebody takes it back. */
    public Pause(Kind kind, String name, By by, String reason, Instant since) {
        this(kind, name, by, reason, since, null);
    }

    /** What can be stopped. */
    public enum Kind {
        ACCOUNT, SYNC;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Where it was said, and so where it is taken back. */
    public enum By {
        API, SETTING,
        /** Its CRM is read whole first, and what is sent before would overwrite what was not read. */
        LOAD,
        /** So many rows of its table went unseen that a person is to say whether they were to be deleted. */
        CAPTURE,
        /** Its CRM refuses all of its calls, see {@link CircuitBreakers}. */
        CRM,
        /** It names what is not there: its file is mended, or the other side, and Sluice started again. */
        CHECK;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** As the API shows it. */
    public Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("since", since.toString());
        json.put("reason", reason);
        json.put("by", by.toString());
        if (until != null) {
            json.put("until", until.toString());
        }
        return json;
    }
}
