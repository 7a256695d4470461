// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.streaming;

import io.sluice.sandbox.store.Row;
import java.util.Locale;
import java.util.Optional;

/** Names what a write did to a record, in the words of PushTopic notifications and of change events. */
enum ChangeType {
    CREATED("created", "CREATE"),
    UPDATED("updated", "UPDATE"),
    DELETED("deleted", "DELETE"),
    UNDELETED("undeleted", "UNDELETE");

    private final String notified;
    private final String captured;

    ChangeType(String notified, String captured) {
        this.notified = notified;
        this.captured = captured;
    }

    /** Answers the ending of the PushTopic's field that switches notifications on, such as Create. */
    String operation() {
        return captured.charAt(0) + captured.substring(1).toLowerCase(Locale.ROOT);
    }

    String ofNotification() {
        return notified;
    }

    String ofChangeEvent() {
        return captured;
    }

    /**
     * Tells what a write did; empty when the record was and is in the recycle bin.
     *
     * @param before null for a new record
     */
    static Optional<ChangeType> of(Row before, Row after) {
        boolean wasLive = before != null && !before.isDeleted();
        if (after.isDeleted()) {
            return wasLive ? Optional.of(DELETED) : Optional.empty();
        }
        return Optional.of(wasLive ? UPDATED : before == null ? CREATED : UNDELETED);
    }
}
