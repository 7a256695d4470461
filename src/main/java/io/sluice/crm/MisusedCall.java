// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import java.io.IOException;
import java.net.URISyntaxException;
import java.sql.SQLException;
import java.util.concurrent.TimeoutException;
import org.apache.camel.Exchange;

/**
 * Decides whether a failure is that of a route of one's own, which has misused a Kamelet: a missing header, a wrong version of
 * the API, an address that does not exist. It says nothing about the account, so it must not open the circuit breaker that all
 * syncs share. The pipeline's own calls are never misused; what fails there concerns the account.
 */
public final class MisusedCall {

    private static final int FIRST_OF_REQUEST = 400;

    private MisusedCall() {}

    /** Tells whether a route of one's own makes the call: the pipeline's calls come with their permits. */
    public static boolean isOfOwnRoute(Exchange exchange) {
        return exchange.getProperty(Permits.STARTED) == null;
    }

    /**
     * Tells whether the call of a route of one's own failed for what was asked, before it was sent or by an answer that
     * concerns the address alone.
     *
     * @param failure failure of the call, or null
     * @param status  HTTP status as it was received, 0 without an answer
     */
    public static boolean is(Exchange exchange, Throwable failure, int status) {
        return isOfOwnRoute(exchange)
                && (status == 0 ? isLocal(failure) : status >= FIRST_OF_REQUEST && isOfAddress(status));
    }

    private static boolean isOfAddress(int status) {
        return switch (status) {
            case 400, 404, 405, 409, 410, 411, 413, 414, 415, 422, 431 -> true;
            default -> false;
        };
    }

    /** Whether a call failed in this process, because of its content: not in the network, and not in the database. */
    private static boolean isLocal(Throwable failure) {
        boolean ofContent = false;
        Throwable last = null;
        for (Throwable cause = failure; cause != null && cause != last; cause = cause.getCause()) {
            if (cause instanceof IOException
                    || cause instanceof TimeoutException
                    || cause instanceof InterruptedException
                    || cause instanceof SQLException) {
                return false;
            }
            ofContent |= cause instanceof IllegalArgumentException
                    || cause instanceof NullPointerException
                    || cause instanceof ClassCastException
                    || cause instanceof URISyntaxException
                    || String.valueOf(cause.getMessage()).startsWith("Missing property ");
            last = cause;
        }
        return ofContent;
    }
}
