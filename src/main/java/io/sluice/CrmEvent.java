// SPDX-License-Identifier: Apache-2.0
package io.sluice;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.UUID;

/**
 * One event that a CRM sent, by webhook or in its journal, about one record.
 *
 * @param identity identity of the event, equal when the CRM sends it again; a vendor's own event id often is not
 * @param object   name of the object, as a sync writes it
 * @param crmId    the CRM's own id of the record; empty for {@link Kind#GAP}
 * @param field    name of the changed field for {@link Kind#VALUE}; else null
 * @param value    new value of the field as text; null when it is empty
 * @param at       time of the change, by the CRM's clock
 */
public record CrmEvent(UUID identity, String object, String crmId, Kind kind, String field, String value, Instant at) {

    /** Kinds of events. */
    public enum Kind {
        /** A field changed; the event carries its new value. */
        VALUE,
        /** The record was created: it must be read back, unless Sluice created it. */
        CREATED,
        /** The record was restored or changed in a way that the event does not show: it must be read back. */
        READ_BACK,
        /** The record was deleted. */
        DELETED,
        /** A read did not find the record under its id: the CRM must be asked whether and when it was deleted or merged. */
        MISSING,
        /**
         * Changes that no event describes: what changed since the last poll must be read, deletes included. It has no record; an
         * empty object stands for all objects.
         */
        GAP;

        @Override
        public String toString() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }

        public static Kind of(String name) {
            return valueOf(name.toUpperCase(java.util.Locale.ROOT));
        }
    }

    /** Returns this event with another name of its object. */
    public CrmEvent ofObject(String otherObject) {
        return new CrmEvent(identity, otherObject, crmId, kind, field, value, at);
    }

    /** Derives an identity from parts that are equal whenever the CRM sends the event. */
    public static UUID identityOf(Object... parts) {
        StringBuilder text = new StringBuilder();
        for (Object part : parts) {
            text.append(part).append('\n');
        }
        return UUID.nameUUIDFromBytes(text.toString().getBytes(StandardCharsets.UTF_8));
    }

    public static CrmEvent value(UUID identity, String object, String crmId, String field, String value, Instant at) {
        return new CrmEvent(identity, object, crmId, Kind.VALUE, field, value, at);
    }

    public static CrmEvent created(UUID identity, String object, String crmId, Instant at) {
        return new CrmEvent(identity, object, crmId, Kind.CREATED, null, null, at);
    }

    public static CrmEvent readBack(UUID identity, String object, String crmId, Instant at) {
        return new CrmEvent(identity, object, crmId, Kind.READ_BACK, null, null, at);
    }

    public static CrmEvent deleted(UUID identity, String object, String crmId, Instant at) {
        return new CrmEvent(identity, object, crmId, Kind.DELETED, null, null, at);
    }

    /** Makes the event for a record that a read did not find under its id. */
    public static CrmEvent missing(UUID identity, String object, String crmId, Instant at) {
        return new CrmEvent(identity, object, crmId, Kind.MISSING, null, null, at);
    }
}
