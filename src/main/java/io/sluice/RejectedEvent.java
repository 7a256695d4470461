package io.sluice;

/**
 * An event that a CRM sent and that can't be read. It holds no value of a field.
 *
 * @param type as the CRM calls it, or "unknown"
 * @param why  what is wrong with it, in a few fixed words
 */
public record RejectedEvent(String type, String why) {

    /** Header with a list of them, beside the events that could be read. */
    public static final String HEADER = "SluiceRejectedEvents";

    /** A type is a name: anything else may be a value that stands in the wrong place. */
    public RejectedEvent {
        type = type != null && type.matches("[A-Za-z0-9_.-]{1,60}") ? type : "unknown";
    }
}
