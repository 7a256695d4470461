// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import io.sluice.CrmEvent;
import io.sluice.CrmRecord;
import io.sluice.DeletedRecord;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.camel.Exchange;

/**
 * Removes the records, deletes and events from a source's list that the route behind the source has processed before: a poll
 * overlaps the last one, and a CRM repeats events. The rest stays one list, in its order.
 *
 * <p>A record's key is its id, the time of its change and its values, because a CRM's time may have whole seconds only: a
 * record that changes twice in one second is no repetition. An event's key is its identity.
 */
public final class SourceRecords {

    /** Exchange property with the key of the list, for the source's idempotent consumer. */
    public static final String KEY = "SluiceRecordKeys";

    private final IdempotentKeys idempotentKeys;

    public SourceRecords(IdempotentKeys idempotentKeys) {
        this.idempotentKeys = idempotentKeys;
    }

    /** @param source name of the source, with its account; each source has its own memory */
    public void removeProcessed(Exchange exchange, String source) throws SQLException {
        Map<String, Object> byKey = new LinkedHashMap<>();
        for (Object record : exchange.getMessage().getBody(List.class)) {
            byKey.putIfAbsent(key(source, record), record);
        }
        Set<String> processed = idempotentKeys.known(byKey.keySet());
        byKey.keySet().removeAll(processed);
        exchange.getMessage().setBody(List.copyOf(byKey.values()));
        exchange.setProperty(KEY, IdempotentKeys.joined(byKey.keySet()));
    }

    /** The source's name first, so that an operator finds its keys. */
    static String key(String source, Object record) {
        return source + "/" + identity(record);
    }

    private static UUID identity(Object record) {
        if (record instanceof CrmEvent event) {
            return event.identity();
        }
        if (record instanceof DeletedRecord deleted) {
            return CrmEvent.identityOf("deleted", deleted.crmId(), deleted.at());
        }
        CrmRecord read = (CrmRecord) record;
        return CrmEvent.identityOf(read.crmId(), read.key(), read.at(), new TreeMap<>(read.fields()));
    }
}
