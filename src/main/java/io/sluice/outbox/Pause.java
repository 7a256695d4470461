// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import io.sluice.QuotedWords;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A pause of an account or a sync, by a person, a setting or Sluice itself.
 *
 * @param reason the reason given, or null
 * @param until  the time when the pause ends by itself, or null
 */
public record Pause(Kind kind, String name, By by, String reason, Instant since, Instant until) {

    /** Makes a pause that lasts until it is taken back. */
    public Pause(Kind kind, String name, By by, String reason, Instant since) {
        this(kind, name, by, reason, since, null);
    }

    /** The kinds of things that can be paused. */
    public enum Kind {
        ACCOUNT,
        SYNC;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The origin of a pause, which is also where it is taken back. */
    public enum By {
        API,
        SETTING,
        /** The initial snapshot: records sent before it ends would overwrite records that were not read yet. */
        LOAD,
        /** Missing rows: so many rows of the table disappeared unseen that a person must confirm their deletes. */
        CAPTURE,
        /** The circuit breaker: the CRM rejects all of the sync's calls, see {@link CircuitBreakers}. */
        CRM,
        /** The check of the sync's file, which names something that does not exist; it ends at a start after the repair. */
        CHECK;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The pause as the API shows it; a reason that the CRM gave is marked as {@link QuotedWords}. */
    public Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("since", since.toString());
        json.put("reason", by == By.CRM ? QuotedWords.mark(reason) : reason);
        json.put("by", by.toString());
        if (until != null) {
            json.put("until", until.toString());
        }
        return json;
    }

    /** The pause of an account or a sync as the API shows it; null if it has none. */
    public static Map<String, Object> json(Kind kind, String name, Collection<Pause> all) {
        return all.stream()
                .filter(it -> it.kind() == kind && it.name().equals(name))
                .findFirst()
                .map(Pause::json)
                .orElse(null);
    }
}
