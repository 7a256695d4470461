package io.sluice.crm;

import java.time.Duration;
import org.apache.camel.util.TimeUtils;

/** Times as settings and Kamelets have them. Camel itself takes a time that it can't read for none at all. */
public final class Durations {

    private Durations() {
    }

    /**
     * Reads a time.
     *
     * @param what names it to whoever wrote it
     * @param text such as 500ms, 10s, 5m, 2h or 1d
     * @throws IllegalArgumentException saying what it must be
     */
    public static Duration of(String what, String text) {
        if (!text.matches("(\\d+(ms|s|m|h|d))+")) {
            throw new IllegalArgumentException(what + " must be a time such as 10s, 5m or 2h, not '" + text + "'");
        }
        return Duration.ofMillis(TimeUtils.toMilliSeconds(text));
    }
}
