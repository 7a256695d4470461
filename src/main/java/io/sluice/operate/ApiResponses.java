// SPDX-License-Identifier: Apache-2.0
package io.sluice.operate;

import io.sluice.RootCause;
import io.sluice.store.Json;
import java.sql.SQLException;
import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers API requests as JSON: records and maps. The field {@code error} says what is wrong with a request. */
final class ApiResponses {

    private static final Logger LOG = LoggerFactory.getLogger(ApiResponses.class);

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

    /** Executes the request and replaces the message by its answer or error. */
    static void answer(Exchange exchange, Request request) {
        int status = 200;
        Object answer;
        try {
            answer = request.answer();
        } catch (RejectedRequest rejected) {
            status = rejected.status;
            answer = Map.of("error", rejected.getMessage());
        } catch (SQLException unreachable) {
            status = 503;
            answer = Map.of(
                    "error", "The database failed, so nothing is known to have changed: " + RootCause.of(unreachable));
            LOG.warn("An API request failed in the database: {}", RootCause.of(unreachable));
        }
        Message message = exchange.getMessage();
        // the headers of the request are no part of the answer
        message.removeHeaders("*");
        message.setHeader(Exchange.HTTP_RESPONSE_CODE, status);
        message.setBody(Json.text(answer));
    }
}
