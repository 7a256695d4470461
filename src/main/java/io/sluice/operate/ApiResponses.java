package io.sluice.operate;

import io.sluice.RootCause;
import io.sluice.store.Json;
import java.sql.SQLException;
import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers what a person asks over HTTP, as JSON. What is wrong with a request stands in words under {@code error}. */
final class ApiResponses {

    private static final Logger LOG = LoggerFactory.getLogger(ApiResponses.class);

    /** A request that changes nothing, and why. */
    static final class Refused extends Exception {

        private final int status;

        /** @param status of HTTP, 4xx */
        Refused(int status, String message) {
            super(message);
            this.status = status;
        }
    }

    @FunctionalInterface
    interface Request {
        Map<String, Object> answer() throws Refused, SQLException;
    }

    private ApiResponses() {
    }

    /** Carries the request out and puts its answer, or why there is none, in its place. */
    static void answer(Exchange exchange, Request request) {
        int status = 200;
        Map<String, Object> answer;
        try {
            answer = request.answer();
        } catch (Refused refused) {
            status = refused.status;
            answer = Map.of("error", refused.getMessage());
        } catch (SQLException unreachable) {
            status = 503;
            answer = Map.of("error", "The database did not do it, so nothing is known to have changed: "
                    + RootCause.of(unreachable));
            LOG.warn("A request over the API was not carried out: {}", RootCause.of(unreachable));
        }
        Message message = exchange.getMessage();
        // what came in with the request is no part of the answer
        message.removeHeaders("*");
        message.setHeader(Exchange.HTTP_RESPONSE_CODE, status);
        message.setBody(Json.text(answer));
    }
}
