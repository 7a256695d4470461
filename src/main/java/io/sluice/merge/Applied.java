package io.sluice.merge;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What became of records that a CRM changed or deleted.
 *
 * @param updated    rows that took a value
 * @param inserted   rows that are new
 * @param deleted    rows that went
 * @param conflicts  fields that both sides had changed
 * @param withoutKey records that the table does not have and can't get, since they have no external id
 * @param refused    what the table would not take
 * @param later      CRM ids of those that can't be judged now, because a call or a transaction is changing them; they
 *                   must be read again
 */
public record Applied(int updated, int inserted, int deleted, int conflicts, int withoutKey, List<Refused> refused,
        Set<String> later) {

    public static final Applied NOTHING = new Applied(0, 0, 0, 0, 0, List.of(), Set.of());

    /**
     * A record that the table did not take; the rest of its page was applied.
     *
     * @param columns what would have been written
     * @param why     PostgreSQL's words
     */
    public record Refused(String key, String crmId, List<String> columns, String why) {
        /** What PostgreSQL's text can't hold, NUL and half a surrogate pair, is a question mark: a rejection is kept there. */
        public Refused {
            key = text(key);
            crmId = text(crmId);
            why = text(why);
        }

        private static String text(String odd) {
            return odd == null ? null : new String(odd.replace('\u0000', '?').getBytes(java.nio.charset.StandardCharsets.UTF_8),
                    java.nio.charset.StandardCharsets.UTF_8);
        }
    }

    /** How many rows or conflicts it made: 0 when all was known already. */
    public int changes() {
        return updated + inserted + deleted + conflicts;
    }

    public Applied plus(Applied other) {
        List<Refused> allRefused = new ArrayList<>(refused);
        allRefused.addAll(other.refused);
        Set<String> allLater = new java.util.LinkedHashSet<>(later);
        allLater.addAll(other.later);
        return new Applied(updated + other.updated, inserted + other.inserted, deleted + other.deleted,
                conflicts + other.conflicts, withoutKey + other.withoutKey, allRefused, allLater);
    }
}
