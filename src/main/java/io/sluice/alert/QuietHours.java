// SPDX-License-Identifier: Apache-2.0
package io.sluice.alert;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A part of each day in which only critical alerts are delivered at once. For example, {@code 22:00-07:00 Europe/Berlin} is quiet
 * at 23:00 and at 06:59 there, and not at 07:00.
 */
public record QuietHours(LocalTime from, LocalTime to, ZoneId zone) {

    private static final Pattern FORM = Pattern.compile("(\\d{2}:\\d{2})\\s*-\\s*(\\d{2}:\\d{2})(?:\\s+(\\S+))?");

    /** No hour is quiet. */
    static final QuietHours NONE = new QuietHours(LocalTime.MIDNIGHT, LocalTime.MIDNIGHT, ZoneId.of("UTC"));

    /**
     * Parses a setting such as {@code 22:00-07:00 Europe/Berlin}; without a zone the hours are UTC.
     *
     * @param text the setting; empty for none
     * @throws IllegalArgumentException with the expected form
     */
    public static QuietHours parse(String text) {
        if (text == null || text.isBlank()) {
            return NONE;
        }
        Matcher form = FORM.matcher(text.strip());
        try {
            if (form.matches()) {
                return new QuietHours(
                        LocalTime.parse(form.group(1)),
                        LocalTime.parse(form.group(2)),
                        ZoneId.of(form.group(3) == null ? "UTC" : form.group(3)));
            }
        } catch (DateTimeException wrong) {
            throw new IllegalArgumentException(message(text), wrong);
        }
        throw new IllegalArgumentException(message(text));
    }

    private static String message(String text) {
        return "application.properties: sluice.alerts.quiet-hours must read like '22:00-07:00 Europe/Berlin', not '"
                + text + "'";
    }

    boolean contains(Instant time) {
        LocalTime local = time.atZone(zone).toLocalTime();
        return from.isBefore(to)
                ? !local.isBefore(from) && local.isBefore(to)
                : !from.equals(to) && (!local.isBefore(from) || local.isBefore(to));
    }
}
