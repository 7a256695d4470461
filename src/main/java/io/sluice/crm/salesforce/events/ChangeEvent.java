// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce.events;

import io.sluice.CrmEvent;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One event of Change Data Capture: a change of one record, or the same change of several records of an object.
 *
 * @param header    header of the event
 * @param values    field to its new value as text, null where it is empty; the changed fields of an update, all filled fields of
 *                  a new record
 * @param isWhole   whether the event has the values of all fields that it names; otherwise the records must be read
 */
record ChangeEvent(Header header, Map<String, String> values, boolean isWhole) {

    /** Events of one transaction are a microsecond apart, so that their order is kept: Salesforce gives them one time. */
    private static final int MAX_ORDERED = 999;

    private static final String CLIENT = ";client=";

    ChangeEvent {
        values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    }

    /**
     * Header of an event ("Change Event Header Fields").
     *
     * @param object       name of the object
     * @param ids          ids of the records; one that ends in an asterisk stands for many
     * @param type         CREATE, UPDATE, DELETE, UNDELETE, or one of them after GAP_ in an event without fields; GAP_OVERFLOW
     * @param origin       who made the change, as {@code com/salesforce/api/rest/62.0;client=sluice}
     * @param transaction  id of the transaction
     * @param sequence     number of the event within the transaction, from 1
     * @param commitNumber number of the commit within the organisation's instance
     * @param committedAt  time of the commit
     */
    record Header(
            String object,
            List<String> ids,
            String type,
            String origin,
            String transaction,
            int sequence,
            long commitNumber,
            Instant committedAt) {

        Header {
            ids = List.copyOf(ids);
        }

        /** Whether a client changed the records that names itself so in {@code Sforce-Call-Options}. */
        boolean isFrom(String client) {
            int at = origin.lastIndexOf(CLIENT);
            return at >= 0 && origin.substring(at + CLIENT.length()).equals(client);
        }

        /** Whether the header names each record; an overflow has an id of zeros in place of ids. */
        boolean namesRecords() {
            return !ids.isEmpty()
                    && !type.equals("GAP_OVERFLOW")
                    && ids.stream().allMatch(id -> id.matches("(?!0{15})[a-zA-Z0-9]{15,18}"));
        }

        private Instant at() {
            return committedAt.plus(Math.min(Math.max(sequence - 1, 0), MAX_ORDERED), ChronoUnit.MICROS);
        }

        private CrmEvent event(CrmEvent.Kind kind, String id, String field, String value) {
            return new CrmEvent(
                    CrmEvent.identityOf("change", transaction, sequence, commitNumber, type, id, kind, field),
                    object,
                    id,
                    kind,
                    field,
                    value,
                    at());
        }

        /** Makes the event of records that must be read, or of an object whose changes must be polled where ids are missing. */
        List<CrmEvent> unread() {
            return namesRecords()
                    ? ids.stream()
                            .distinct()
                            .map(id -> event(
                                    type.endsWith("DELETE") && !type.endsWith("UNDELETE")
                                            ? CrmEvent.Kind.DELETED
                                            : CrmEvent.Kind.READ_BACK,
                                    id,
                                    null,
                                    null))
                            .toList()
                    : List.of(event(CrmEvent.Kind.GAP, "", null, null));
        }
    }

    /**
     * Returns the events of the single records and fields. A record that Sluice creates itself is not announced as new: its
     * values are enough, and a record that it does not know after all is read because of them. Other own changes are passed on,
     * because automations of the organisation change further fields in the same transaction; the merge recognises our own
     * values.
     *
     * @param client name of Sluice in {@code Sforce-Call-Options}
     */
    List<CrmEvent> crmEvents(String client) {
        boolean created = header.type().equals("CREATE");
        if (!header.namesRecords() || !created && !header.type().equals("UPDATE")) {
            return header.unread();
        }
        List<CrmEvent> events = new ArrayList<>();
        header.ids().stream().distinct().forEach(id -> {
            if (created && (!header.isFrom(client) || values.isEmpty())) {
                events.add(header.event(CrmEvent.Kind.CREATED, id, null, null));
            }
            values.forEach((field, value) -> events.add(header.event(CrmEvent.Kind.VALUE, id, field, value)));
            if (!isWhole) {
                events.add(header.event(CrmEvent.Kind.READ_BACK, id, null, null));
            }
        });
        return events;
    }
}
