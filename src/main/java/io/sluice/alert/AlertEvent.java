// SPDX-License-Identifier: Apache-2.0
package io.sluice.alert;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;

/**
 * The begin or the end of an alert.
 *
 * @param eventId identity of the event, the same in a repeated delivery
 * @param event   {@code begin} or {@code end}
 * @param number  number of the alert in the database
 */
@JsonPropertyOrder({"eventId", "event", "alert"})
public record AlertEvent(String eventId, String event, @JsonIgnore long number, Alert alert) {

    static final String END = "end";

    AlertEvent(String event, long number, Alert alert) {
        this(number + "-" + event, event, number, alert);
    }

    /** Tells whether the condition begins and needs a person's attention, for the route that logs it. */
    @JsonIgnore
    public boolean isWarning() {
        return !event.equals(END) && alert.severity() != Severity.INFO;
    }

    /** Returns the event on one line: {@code alert begins (warning): deals-hubspot: 3 dead letters. Repair, ...}. */
    @JsonIgnore
    public String getLine() {
        return event.equals(END)
                ? "alert ends (" + alert.severity() + "): " + alert.what()
                : "alert begins (" + alert.severity() + "): " + alert.what() + " " + alert.action();
    }
}
