// SPDX-License-Identifier: Apache-2.0
package io.sluice.operate;

import io.sluice.QuotedWords;
import io.sluice.RootCause;
import io.sluice.Suggestion;
import io.sluice.http.Caller;
import io.sluice.store.Json;
import java.sql.SQLException;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.component.platform.http.vertx.VertxPlatformHttpConstants;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers API requests as JSON: records and maps. The field {@code error} says what is wrong with a request. */
final class ApiResponses {

    private static final Logger LOG = LoggerFactory.getLogger(ApiResponses.class);

    /**
     * States of errors about characters that no text of PostgreSQL holds
     * (https://www.postgresql.org/docs/current/errcodes-appendix.html).
     */
    private static final Set<String> UNSTORABLE = Set.of("22021", "22P05");

    /** Says why a request is rejected; it changes nothing. */
    static final class RejectedRequest extends Exception {

        private final int status;

        /** @param status HTTP status, 4xx */
        RejectedRequest(int status, String message) {
            super(message);
            this.status = status;
        }
    }

    @FunctionalInterface
    interface Request {
        Object answer() throws RejectedRequest, SQLException;
    }

    private ApiResponses() {}

    /** Returns a name if there is such a thing, or if it is null. @param kind what it names, such as account */
    static String known(String kind, String name, Collection<String> right) throws RejectedRequest {
        if (name != null && !right.contains(name)) {
            throw new RejectedRequest(404, "There is no " + kind + " '" + name + "'" + Suggestion.hint(name, right));
        }
        return name;
    }

    /** Executes the request and replaces the message by its answer or error. */
    static void answer(Exchange exchange, Request request) {
        int status = 200;
        Object answer;
        try {
            answer = request.answer();
        } catch (RejectedRequest rejected) {
            status = rejected.status;
            answer = Map.of("error", rejected.getMessage());
        } catch (SQLException failure) {
            boolean unstorable = UNSTORABLE.contains(String.valueOf(failure.getSQLState()));
            status = unstorable ? 400 : 503;
            answer = Map.of(
                    "error",
                    unstorable
                            ? "The request has a character that PostgreSQL can't hold, such as U+0000"
                            : "The database failed, so nothing is known to have changed: " + RootCause.of(failure));
            if (!unstorable) {
                LOG.warn("An API request failed in the database: {}", RootCause.of(failure));
            }
        }
        Message message = exchange.getMessage();
        boolean seesValues = Caller.of(message.getHeader(VertxPlatformHttpConstants.AUTHENTICATED_USER))
                .may(Caller.Role.VALUES);
        // the headers of the request are no part of the answer
        message.removeHeaders("*");
        message.setHeader(Exchange.HTTP_RESPONSE_CODE, status);
        String json = Json.text(answer);
        message.setBody(seesValues ? QuotedWords.shown(json) : Json.text(HiddenValues.of(Json.fields(json))));
    }
}
