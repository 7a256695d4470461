// SPDX-License-Identifier: Apache-2.0
package io.sluice.operate;

import io.sluice.Sync;
import io.sluice.merge.InboundRejection;
import io.sluice.merge.InboundRejections;
import io.sluice.operate.ApiResponses.RejectedRequest;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.camel.Exchange;

/** Answers API requests about inbound rejections. A wrong request changes nothing, and the answer says what is wrong. */
public final class InboundRejectionRequests {

    private static final Set<String> PARAMETERS = Set.of("sync", "after", "limit");
    private static final int DEFAULT_LIMIT = 100;
    private static final int MAX_LIMIT = 1000;

    private final InboundRejections rejections;
    private final Map<String, Sync> syncs = new TreeMap<>();

    public InboundRejectionRequests(InboundRejections rejections, List<Sync> syncs) {
        this.rejections = rejections;
        syncs.forEach(sync -> this.syncs.put(sync.getName(), sync));
    }

    /** @param next id after which the next page begins, or null */
    private record Page(List<InboundRejection> inboundRejections, Long next) {}

    /** Lists a page of rejections; {@code next} is the {@code after} of the next page, or null. */
    public void list(Exchange exchange) {
        ApiResponses.answer(exchange, () -> {
            ApiQuery query = ApiQuery.of(exchange, PARAMETERS);
            int limit = (int) query.number("limit", DEFAULT_LIMIT, 1, MAX_LIMIT);
            List<InboundRejection> found = rejections.list(
                    query.known("sync", syncs.keySet()), query.number("after", 0, 0, Long.MAX_VALUE), limit + 1);
            List<InboundRejection> page = found.subList(0, Math.min(limit, found.size()));
            return new Page(page, found.size() > limit ? page.get(limit - 1).id() : null);
        });
    }

    public void show(Exchange exchange) {
        ApiResponses.answer(exchange, () -> found(id(exchange)));
    }

    public void discard(Exchange exchange) {
        ApiResponses.answer(exchange, () -> {
            InboundRejection found = found(id(exchange));
            rejections.discard(found.id());
            return Map.of("discarded", found);
        });
    }

    /** Reads the record back; the rejection is deleted once the table accepts the record. */
    public void retry(Exchange exchange) {
        ApiResponses.answer(exchange, () -> {
            InboundRejection found = found(id(exchange));
            Sync sync = syncs.get(found.sync());
            if (sync == null) {
                throw new RejectedRequest(409, "There is no sync '" + found.sync() + "' any more");
            }
            return Map.of("retried", rejections.retry(found.id(), sync) ? 1 : 0);
        });
    }

    private InboundRejection found(long id) throws RejectedRequest, SQLException {
        return rejections
                .find(id)
                .orElseThrow(() -> new RejectedRequest(
                        404,
                        "There is no inbound rejection " + id
                                + "; if there was one, the table has accepted its record since, or it was discarded"));
    }

    private static long id(Exchange exchange) throws RejectedRequest {
        String id = exchange.getMessage().getHeader("id", String.class);
        if (id == null || !id.matches("\\d{1,18}")) {
            throw new RejectedRequest(
                    404, "That is no id of an inbound rejection; GET /api/inbound-rejections lists them");
        }
        return Long.parseLong(id);
    }
}
