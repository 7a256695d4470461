// SPDX-License-Identifier: Apache-2.0
package io.sluice.operate;

import io.sluice.Suggestion;
import io.sluice.Sync;
import io.sluice.operate.ApiResponses.RejectedRequest;
import io.sluice.outbox.Pause;
import io.sluice.outbox.Pause.By;
import io.sluice.outbox.Pause.Kind;
import io.sluice.outbox.PauseStore;
import io.sluice.store.Json;
import java.sql.SQLException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.camel.Exchange;
import org.apache.camel.Message;

/**
 * Pauses and resumes the account or sync that a request names, and answers with its new state. A wrong request changes nothing,
 * and the answer says what is wrong.
 */
public final class PauseRequests {

    private static final String REASON = "reason";
    /** Maximum number of characters; longer texts are mistakes and would fill the log. */
    private static final int MAX_REASON_LENGTH = 500;

    private final PauseStore pauseStore;
    private final Map<Kind, Collection<String>> names;

    private final Resumed resumed;

    /** Runs when an account is resumed, for example to retry a login at once and not after its backoff. */
    @FunctionalInterface
    public interface Resumed {
        void account(String name) throws SQLException;
    }

    public PauseRequests(PauseStore pauseStore, Collection<String> accounts, List<Sync> syncs) {
        this(pauseStore, accounts, syncs, account -> {});
    }

    public PauseRequests(PauseStore pauseStore, Collection<String> accounts, List<Sync> syncs, Resumed resumed) {
        this.resumed = resumed;
        this.pauseStore = pauseStore;
        this.names = Map.of(
                Kind.ACCOUNT,
                List.copyOf(accounts),
                Kind.SYNC,
                syncs.stream().map(Sync::getName).toList());
    }

    @FunctionalInterface
    private interface Request {
        Map<String, Object> answer(String name) throws RejectedRequest, SQLException;
    }

    /**
     * Pauses an account or a sync. The reason is the query parameter {@code reason}, or the body as text or as JSON with that
     * field.
     */
    public void pause(Exchange exchange, String kind) {
        Kind what = kind(kind);
        answer(exchange, what, name -> {
            pauseStore.pause(what, name, reason(exchange.getMessage()));
            return state(what, name);
        });
    }

    /** Ends a pause, unless a setting made it, which would make it again at the next start. */
    public void resume(Exchange exchange, String kind) {
        Kind what = kind(kind);
        answer(exchange, what, name -> {
            Pause paused = pauseStore.find(what, name).orElse(null);
            if (paused != null && paused.by() == By.SETTING) {
                throw new RejectedRequest(
                        409,
                        capital(what) + " '" + name + "' is paused by a setting: " + paused.reason()
                                + ". Remove the setting and restart Sluice; until then it stays paused.");
            }
            if (paused != null && paused.by() == By.LOAD) {
                throw new RejectedRequest(
                        409,
                        capital(what) + " '" + name + "' waits: " + paused.reason() + ". It resumes by itself"
                                + " then; /api/status shows the progress under 'initial'.");
            }
            pauseStore.resume(what, name);
            if (what == Kind.ACCOUNT) {
                resumed.account(name);
            }
            return state(what, name);
        });
    }

    private void answer(Exchange exchange, Kind kind, Request request) {
        ApiResponses.answer(
                exchange, () -> request.answer(known(kind, exchange.getMessage().getHeader("name", String.class))));
    }

    private String known(Kind kind, String name) throws RejectedRequest {
        Collection<String> right = names.get(kind);
        if (!right.contains(name)) {
            throw new RejectedRequest(404, "There is no " + kind + " '" + name + "'" + Suggestion.hint(name, right));
        }
        return name;
    }

    private Map<String, Object> state(Kind kind, String name) throws SQLException {
        Map<String, Object> state = new LinkedHashMap<>();
        state.put(kind.toString(), name);
        state.put("paused", pauseStore.find(kind, name).map(Pause::json).orElse(null));
        return state;
    }

    private static String reason(Message request) throws RejectedRequest {
        String reason = request.getHeader(REASON, String.class);
        // a form's fields are headers
        if (reason == null && !(request.getBody() instanceof Map)) {
            reason = reasonOf(request.getBody(String.class));
        }
        if (reason == null || reason.isBlank()) {
            return null;
        }
        if (reason.length() > MAX_REASON_LENGTH) {
            throw new RejectedRequest(
                    400,
                    "The reason is " + reason.length() + " characters long; at most " + MAX_REASON_LENGTH
                            + " are allowed");
        }
        // the reason is logged, where a line break could forge a line
        return reason.replaceAll("\\p{Cntrl}+", " ").strip();
    }

    private static String reasonOf(String body) throws RejectedRequest {
        if (body == null || !body.strip().startsWith("{")) {
            return body;
        }
        Map<String, Object> fields;
        try {
            fields = Json.fields(body);
        } catch (IllegalArgumentException broken) {
            throw new RejectedRequest(
                    400,
                    "The body is no JSON that can be read. Write {\"reason\": \"...\"}, or the reason as"
                            + " plain text, or nothing");
        }
        for (String field : fields.keySet()) {
            if (!field.equals(REASON)) {
                throw new RejectedRequest(
                        400, "The body has a field '" + field + "'" + Suggestion.hint(field, Set.of(REASON)));
            }
        }
        return fields.get(REASON) == null ? null : fields.get(REASON).toString();
    }

    private static Kind kind(String word) {
        return Kind.valueOf(word.toUpperCase(Locale.ROOT));
    }

    private static String capital(Kind kind) {
        return kind == Kind.ACCOUNT ? "Account" : "Sync";
    }
}
