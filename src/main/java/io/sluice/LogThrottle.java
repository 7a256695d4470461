// SPDX-License-Identifier: Apache-2.0
package io.sluice;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.helpers.MessageFormatter;

/**
 * Writes a repeated warning once a minute, on one line of at most 500 characters, with the number of warnings left out since
 * the last one. For example, if 40 calls fail alike within two minutes, it writes three lines; the second one ends with
 * {@code (19 more of this kind since)}.
 */
public final class LogThrottle {

    private static final Duration INTERVAL = Duration.ofMinutes(1);
    private static final int MAX_LENGTH = 500;
    private static final int MAX_KINDS = 1_000;

    private record Kind(Instant writtenAt, int omitted) {}

    private final InstantSource clock;
    private final Map<String, Kind> kinds = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Kind> eldest) {
            return size() > MAX_KINDS;
        }
    };

    public LogThrottle() {
        this(InstantSource.system());
    }

    public LogThrottle(InstantSource clock) {
        this.clock = clock;
    }

    /**
     * Writes a warning unless one of its kind was written less than a minute ago.
     *
     * @param kind    kind of the warning; warnings of one kind are counted together
     * @param message text with {@code {}} for each argument
     */
    public void warn(Logger log, String kind, String message, Object... arguments) {
        int omitted = due(kind);
        if (omitted >= 0) {
            log.warn("{}", line(message, omitted, arguments));
        }
    }

    /** Returns how many warnings of the kind were left out since the last one; -1 when this one is left out too. */
    private synchronized int due(String kind) {
        Instant now = clock.instant();
        Kind before = kinds.get(kind);
        if (before != null && now.isBefore(before.writtenAt().plus(INTERVAL))) {
            kinds.put(kind, new Kind(before.writtenAt(), before.omitted() + 1));
            return -1;
        }
        kinds.put(kind, new Kind(now, 0));
        return before == null ? 0 : before.omitted();
    }

    private static String line(String message, int omitted, Object... arguments) {
        String more = omitted == 0 ? "" : " (" + omitted + " more of this kind since)";
        String text =
                MessageFormatter.arrayFormat(message, arguments).getMessage().replaceAll("\\s*\\R\\s*", " ");
        return text.length() + more.length() <= MAX_LENGTH
                ? text + more
                : text.substring(0, MAX_LENGTH - more.length() - 3) + "..." + more;
    }
}
