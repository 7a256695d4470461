// SPDX-License-Identifier: Apache-2.0
package io.sluice.operate;

import io.sluice.Operation;
import io.sluice.Suggestion;
import io.sluice.Sync;
import io.sluice.merge.Applier;
import io.sluice.operate.ApiResponses.RejectedRequest;
import io.sluice.operate.DeadLetters.Filter;
import io.sluice.store.Database;
import io.sluice.store.Json;
import java.sql.SQLException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.camel.Exchange;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers API requests about dead letters. A wrong request changes nothing, and the answer says what is wrong. */
public final class DeadLetterRequests {

    private static final Logger LOG = LoggerFactory.getLogger(DeadLetterRequests.class);

    private static final Set<String> FILTERS = Set.of("account", "sync", "key", "code");
    private static final String UP_TO = "upTo";
    private static final Set<String> PAGING = Set.of("after", "limit");
    private static final int DEFAULT_LIMIT = 100;
    private static final int MAX_LIMIT = 1000;

    private final DeadLetters letters;
    private final Collection<String> accounts;
    private final List<String> syncs;

    public DeadLetterRequests(Database database, Applier applier, Collection<String> accounts, List<Sync> syncs) {
        this.letters = new DeadLetters(database, applier, syncs);
        this.accounts = List.copyOf(accounts);
        this.syncs = syncs.stream().map(Sync::getName).toList();
    }

    /**
     * @param next  id after which the next page begins, or null
     * @param total number of letters of all pages
     * @param upTo  greatest id of them, or null if there are none
     */
    private record Page(List<DeadLetter> deadLetters, Long next, long total, Long upTo) {}

    /** Lists a page of letters; {@code next} is the {@code after} of the next page, or null. */
    public void list(Exchange exchange) {
        ApiResponses.answer(exchange, () -> {
            ApiQuery query = query(exchange, true);
            int limit = (int) query.number("limit", DEFAULT_LIMIT, 1, MAX_LIMIT);
            Filter filter = filter(query);
            DeadLetters.Matching matching = letters.matching(filter);
            List<DeadLetter> found = matching.upTo() == null
                    ? List.of()
                    : letters.list(
                            filter.upTo(matching.upTo()), query.number("after", 0, 0, Long.MAX_VALUE), limit + 1);
            List<DeadLetter> page = found.subList(0, Math.min(limit, found.size()));
            return new Page(
                    page, found.size() > limit ? page.get(limit - 1).id() : null, matching.total(), matching.upTo());
        });
    }

    public void show(Exchange exchange) {
        ApiResponses.answer(exchange, () -> found(id(exchange)));
    }

    /** Edits fields; a replay sends the new values to the CRM and writes them into the row. */
    public void edit(Exchange exchange) {
        ApiResponses.answer(exchange, () -> {
            DeadLetter letter = found(id(exchange));
            if (letter.operation() == Operation.DELETE) {
                throw new RejectedRequest(
                        409, "Dead letter " + letter.name() + " is a delete, which has no fields to edit");
            }
            Map<String, Object> fields = fields(exchange.getMessage().getBody(String.class), letter);
            DeadLetter edited = letters.edit(letter.id(), fields).orElseThrow(() -> notFound(letter.id()));
            LOG.info("Dead letter {} was edited over the API: {}.", edited.name(), String.join(", ", fields.keySet()));
            return edited;
        });
    }

    public void discard(Exchange exchange) {
        ApiResponses.answer(exchange, () -> {
            long id = id(exchange);
            DeadLetter letter = letters.discard(id).orElseThrow(() -> notFound(id));
            LOG.info("Dead letter {} was discarded over the API.", letter.name());
            return Map.of("discarded", letter);
        });
    }

    public void replay(Exchange exchange) {
        ApiResponses.answer(exchange, () -> {
            DeadLetter letter = found(id(exchange));
            if (!letters.replay(letter)) {
                throw notFound(letter.id());
            }
            LOG.info("Dead letter {} was replayed over the API and is sent again.", letter.name());
            return new DeadLetters.Replayed(1, List.of());
        });
    }

    /**
     * Discards all letters that the filter selects: by account, sync, key or code; a filter is required. With {@code upTo} those
     * that died after a list was read stay.
     */
    public void discardAll(Exchange exchange) {
        ApiResponses.answer(exchange, () -> {
            int discarded = letters.discard(filter(chosen(exchange, "discard")));
            LOG.info("{} dead letters were discarded over the API.", discarded);
            return Map.of("discarded", discarded);
        });
    }

    private ApiQuery chosen(Exchange exchange, String what) throws RejectedRequest {
        ApiQuery query = query(exchange, false);
        if (FILTERS.stream().allMatch(filter -> query.text(filter) == null)) {
            throw new RejectedRequest(
                    400,
                    "Say which dead letters to " + what + ": ?sync=..., ?account=..., ?code=... or ?key=...,"
                            + " or several of them");
        }
        return query;
    }

    /** Replays all letters that the filter selects: by account, sync, key or code; a filter is required. */
    public void replayAll(Exchange exchange) {
        ApiResponses.answer(exchange, () -> {
            DeadLetters.Replayed replayed = letters.replay(filter(chosen(exchange, "replay")));
            LOG.info("{} dead letters were replayed over the API and are sent again.", replayed.letters());
            return replayed;
        });
    }

    private DeadLetter found(long id) throws RejectedRequest, SQLException {
        return letters.find(id).orElseThrow(() -> notFound(id));
    }

    private static RejectedRequest notFound(long id) {
        return new RejectedRequest(
                404,
                "There is no dead letter " + id + "; if there was one, it was replayed or discarded, or a"
                        + " newer change of its record replaced it");
    }

    private static long id(Exchange exchange) throws RejectedRequest {
        String id = exchange.getMessage().getHeader("id", String.class);
        if (id == null || !id.matches("\\d{1,18}")) {
            throw new RejectedRequest(
                    404, "'" + id + "' is no number of a dead letter; GET /api/dead-letters lists them");
        }
        return Long.parseLong(id);
    }

    private static ApiQuery query(Exchange exchange, boolean pages) throws RejectedRequest {
        Set<String> right = new TreeSet<>(FILTERS);
        right.add(UP_TO);
        right.addAll(pages ? PAGING : Set.of());
        return ApiQuery.of(exchange, right);
    }

    private Filter filter(ApiQuery query) throws RejectedRequest {
        return new Filter(
                query.known("account", accounts),
                query.known("sync", syncs),
                query.text("key"),
                query.text("code"),
                query.number(UP_TO, Long.MAX_VALUE, 0, Long.MAX_VALUE));
    }

    private Map<String, Object> fields(String body, DeadLetter letter) throws RejectedRequest {
        Map<String, Object> document;
        try {
            document = Json.fields(body);
        } catch (IllegalArgumentException broken) {
            throw new RejectedRequest(
                    400,
                    "The body is no JSON that can be read. Write {\"fields\": {\"Email\": \"...\"}},"
                            + " with the header Content-Type: application/json");
        }
        if (!document.keySet().equals(Set.of("fields"))
                || !(document.get("fields") instanceof Map<?, ?> given)
                || given.isEmpty()) {
            throw new RejectedRequest(
                    400, "The body must say what to edit and nothing else: {\"fields\": {\"Email\": \"...\"}}");
        }
        Sync sync = letters.sync(letter)
                .orElseThrow(() -> new RejectedRequest(
                        409,
                        "Dead letter " + letter.name() + " belongs to no sync any more, so nothing would send it"));
        Map<String, Object> fields = new LinkedHashMap<>();
        for (Map.Entry<?, ?> field : given.entrySet()) {
            String name = field.getKey().toString();
            if (!sync.getFields().containsValue(name)) {
                throw new RejectedRequest(
                        400,
                        "Sync '" + sync.getName() + "' has no field '" + name + "'"
                                + Suggestion.hint(name, sync.getFields().values()));
            }
            if (field.getValue() instanceof Map || field.getValue() instanceof Collection) {
                throw new RejectedRequest(400, "Field '" + name + "' must be a text, a number, true, false or null");
            }
            fields.put(name, field.getValue());
        }
        return fields;
    }
}
