package io.sluice.operate;

import io.sluice.Suggestion;
import io.sluice.Sync;
import io.sluice.merge.InboundRejections;
import io.sluice.operate.ApiResponses.Refused;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.camel.Exchange;
import org.apache.camel.Message;

/** Answers what is asked of inbound rejections over HTTP. A wrong request changes nothing and is answered in words. */
public final class InboundRejectionRequests {

    private static final Set<String> PARAMETERS = Set.of("sync", "after", "limit");
    private static final int PAGE = 100;
    private static final int LONGEST_PAGE = 1000;

    private final InboundRejections rejections;
    private final Map<String, Sync> syncs = new TreeMap<>();

    public InboundRejectionRequests(InboundRejections rejections, List<Sync> syncs) {
        this.rejections = rejections;
        syncs.forEach(sync -> this.syncs.put(sync.getName(), sync));
    }

    /** A page; {@code next} is the {@code after} of the page behind it, or null. */
    public void list(Exchange exchange) {
        ApiResponses.answer(exchange, () -> {
            Message request = exchange.getMessage();
            String query = request.getHeader(Exchange.HTTP_QUERY, "", String.class);
            for (String parameter : query.isEmpty() ? new String[0] : query.split("&")) {
                String name = parameter.split("=", 2)[0];
                if (!PARAMETERS.contains(name)) {
                    throw new Refused(400, "There is no parameter '" + name + "'" + Suggestion.hint(name, PARAMETERS));
                }
            }
            String sync = request.getHeader("sync", String.class);
            if (sync != null && !syncs.containsKey(sync)) {
                throw new Refused(404, "There is no sync '" + sync + "'" + Suggestion.hint(sync, syncs.keySet()));
            }
            int limit = (int) number(request, "limit", PAGE, LONGEST_PAGE);
            List<Map<String, Object>> found = rejections.list(sync, number(request, "after", 0, Long.MAX_VALUE), limit + 1);
            List<Map<String, Object>> page = found.subList(0, Math.min(limit, found.size()));
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("inboundRejections", page);
            answer.put("next", found.size() > limit ? page.get(limit - 1).get("id") : null);
            return answer;
        });
    }

    public void show(Exchange exchange) {
        ApiResponses.answer(exchange, () -> found(id(exchange)));
    }

    public void discard(Exchange exchange) {
        ApiResponses.answer(exchange, () -> {
            Map<String, Object> found = found(id(exchange));
            rejections.discard((Long) found.get("id"));
            return Map.of("discarded", found);
        });
    }

    /** Reads the record back; it is gone from the list once the table has taken it. */
    public void retry(Exchange exchange) {
        ApiResponses.answer(exchange, () -> {
            Map<String, Object> found = found(id(exchange));
            Sync sync = syncs.get(found.get("sync"));
            if (sync == null) {
                throw new Refused(409, "There is no sync '" + found.get("sync") + "' any more");
            }
            return Map.of("retried", rejections.retry((Long) found.get("id"), sync) ? 1 : 0);
        });
    }

    private Map<String, Object> found(long id) throws Refused, SQLException {
        return rejections.find(id).orElseThrow(() -> new Refused(404, "There is no inbound rejection " + id
                + "; if there was one, the table has taken its record since, or it was discarded"));
    }

    private static long id(Exchange exchange) throws Refused {
        String id = exchange.getMessage().getHeader("id", String.class);
        if (id == null || !id.matches("\\d{1,18}")) {
            throw new Refused(404, "That is no number of an inbound rejection; GET /api/inbound-rejections lists them");
        }
        return Long.parseLong(id);
    }

    private static long number(Message request, String name, long otherwise, long most) throws Refused {
        String text = request.getHeader(name, String.class);
        if (text == null) {
            return otherwise;
        }
        if (!text.matches("\\d{1,18}") || Long.parseLong(text) > most) {
            throw new Refused(400, "Parameter '" + name + "' must be a number up to " + most);
        }
        return Long.parseLong(text);
    }
}
