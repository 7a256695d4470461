package io.sluice.crm;

import java.time.Instant;

/**
 * Work that a CRM does behind the calls, as it tells of it.
 *
 * @param id      the CRM's own
 * @param object  whose records it writes
 * @param verb    what it does with them, in the CRM's own word
 * @param key     the field by which it finds them, or null
 * @param created by the CRM's clock, which may leave parts of a second out
 * @param ours    whether the login that asked has created it
 * @param tried   records it has tried so far
 * @param failed  how many of them it could not write
 * @param message why it failed as a whole, or null
 */
public record CrmJob(String id, Stage stage, String object, String verb, String key, Instant created, boolean ours,
        long tried, long failed, String message) {

    /** How far it is. */
    public enum Stage {
        /** Waits for its data, or for word that it has all. */
        OPEN,
        /** Queued or at work. */
        WORKING,
        /** Has tried all its records, which does not mean that all were written. */
        COMPLETE,
        /** Could not go on; what it wrote before stays written. */
        FAILED,
        /** Was told to end. */
        ABORTED;

        public boolean isLast() {
            return ordinal() > WORKING.ordinal();
        }
    }
}
