// SPDX-License-Identifier: Apache-2.0
package io.sluice;

/**
 * An event that a CRM sent and that can't be parsed. It holds no value of a field.
 *
 * @param type the CRM's name of the event's type, or "unknown"
 * @param why  fault of the event, in a few fixed words
 */
public record RejectedEvent(String type, String why) {

    /** Header with a list of rejected events, beside the events that were parsed. */
    public static final String HEADER = "SluiceRejectedEvents";

    /** Keeps the type only if it is a name: anything else may be a field's value in the wrong place. */
    public RejectedEvent {
        type = type != null && type.matches("[A-Za-z0-9_.-]{1,60}") ? type : "unknown";
    }
}
