package io.sluice;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.UUID;

/**
 * What a CRM told by itself of one record.
 *
 * @param identity what is the same when it is told again; a vendor's own event id often is not
 * @param object   as a sync names it
 * @param crmId    the CRM's own id of the record
 * @param field    of a {@link Kind#VALUE}: the field that changed; else null
 * @param value    what it has become, as text; null where it is empty
 * @param at       when it happened, by the CRM's clock
 */
public record CrmEvent(UUID identity, String object, String crmId, Kind kind, String field, String value, Instant at) {

    /** What an event says. */
    public enum Kind {
        /** A field has a new value, and here it is. */
        VALUE,
        /** The record is new: it must be read, unless we made it. */
        NEW,
        /** The record came back, or is another: it must be read. */
        LOOK,
        /** The record was deleted. */
        GONE,
        /** We did not find the record under its id: the CRM must be asked what became of it, and when. */
        MISSING;

        @Override
        public String toString() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }

        public static Kind of(String name) {
            return valueOf(name.toUpperCase(java.util.Locale.ROOT));
        }
    }

    /** The same of an object that goes by another name. */
    public CrmEvent of(String otherObject) {
        return new CrmEvent(identity, otherObject, crmId, kind, field, value, at);
    }

    /** An identity of these parts. */
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

    public static CrmEvent fresh(UUID identity, String object, String crmId, Instant at) {
        return new CrmEvent(identity, object, crmId, Kind.NEW, null, null, at);
    }

    public static CrmEvent look(UUID identity, String object, String crmId, Instant at) {
        return new CrmEvent(identity, object, crmId, Kind.LOOK, null, null, at);
    }

    public static CrmEvent gone(UUID identity, String object, String crmId, Instant at) {
        return new CrmEvent(identity, object, crmId, Kind.GONE, null, null, at);
    }

    /** The record was not where it should be. */
    public static CrmEvent missing(UUID identity, String object, String crmId, Instant at) {
        return new CrmEvent(identity, object, crmId, Kind.MISSING, null, null, at);
    }
}
