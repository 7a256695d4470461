// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import io.sluice.RootCause;
import io.sluice.crm.Accounts;
import io.sluice.crm.AnswerSize;
import io.sluice.crm.AnswerText;
import io.sluice.crm.ErrorScope;
import io.sluice.crm.LoginRejected;
import io.sluice.crm.MisusedCall;
import io.sluice.crm.Permits;
import io.sluice.crm.Redirects;
import io.sluice.crm.UnprovenAnswer;
import io.sluice.quota.CallReport;
import io.sluice.quota.ThrottleSignal;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.http.base.HttpOperationFailedException;
import org.apache.camel.util.ObjectHelper;

/**
 * Makes a call to HubSpot: the steps of the Kamelet that YAML can't express. The header {@value #STATUS} holds the
 * answer's status, 0 when none came.
 */
public final class HubspotCalls {

    public static final String PATH = "hubspotPath";
    public static final String STATUS = "SluiceStatus";
    public static final String RECORDS = "SluiceRecords";
    private static final String TOKEN = "SluiceToken";
    private static final int NO_CONTENT = 204;
    private static final String SENT_BYTES = "SluiceSentBytes";
    private static final String AUTHORIZATION = "Authorization";
    private static final String DAILY = "X-HubSpot-RateLimit-Daily";
    private static final String DAILY_LEFT = "X-HubSpot-RateLimit-Daily-Remaining";

    private final Permits permits;
    private final Accounts accounts;
    private final Map<String, HubspotLogin> logins;

    HubspotCalls(Permits permits, Accounts accounts, Map<String, HubspotLogin> logins) {
        this.permits = permits;
        this.accounts = accounts;
        this.logins = logins;
    }

    /** Records the size of the request, in bytes. */
    public void measure(Exchange exchange) {
        String body = exchange.getMessage().getBody(String.class);
        byte[] bytes = body == null || body.isEmpty() ? null : body.getBytes(StandardCharsets.UTF_8);
        exchange.getMessage().setBody(bytes);
        exchange.getMessage().setHeader(Exchange.CONTENT_TYPE, "application/json");
        exchange.setProperty(SENT_BYTES, bytes == null ? 0L : (long) bytes.length);
    }

    /** Sets the token of the call. Renewing a token is not counted by a quota. */
    public void signIn(Exchange exchange) throws LoginRejected {
        String token = login(exchange).token();
        exchange.setProperty(TOKEN, token);
        exchange.getMessage().setHeader(AUTHORIZATION, "Bearer " + token);
    }

    /** Splits the path and the query, as camel-http wants them. */
    public void aim(Exchange exchange) {
        String path = exchange.getMessage().getHeader(PATH, String.class);
        int query = path.indexOf('?');
        exchange.getMessage().setHeader(Exchange.HTTP_PATH, query < 0 ? path : path.substring(0, query));
        exchange.getMessage().setHeader(Exchange.HTTP_QUERY, query < 0 ? null : path.substring(query + 1));
    }

    /** Returns the endpoint of the login that makes the call. */
    public String endpoint(Exchange exchange) {
        return login(exchange).endpoint();
    }

    private HubspotLogin login(Exchange exchange) {
        return logins.get(exchange.getMessage().getHeader(Permits.MEMBER, String.class));
    }

    /**
     * Tells whether a failure is an answer (3xx or 4xx): it becomes data, so that it neither opens the circuit breaker
     * nor counts as a failure.
     */
    public boolean isAnswer(Exchange exchange) {
        int status = statusOf(exchange);
        return status >= 300 && status < 500;
    }

    /**
     * Reports the call, whatever its result, and leaves the answer's text and status on the message.
     *
     * @throws Exception the failure, if the call was not made because it got no permit: the database does not answer
     */
    public void answered(Exchange exchange, String account, String operation) throws Exception {
        Message message = exchange.getMessage();
        String member = message.getHeader(Permits.MEMBER, String.class);
        if (failure(exchange) != null && member == null) {
            throw failure(exchange);
        }
        message.removeHeader(AUTHORIZATION);
        HttpOperationFailedException failed = failed(exchange);
        int status = statusOf(exchange);
        int http = status;
        HubspotAnswer answer = new HubspotAnswer(http, bodyOf(exchange, failed, http));
        Long answerBytes = http == CallReport.NO_ANSWER ? null : AnswerSize.bytes(answer.body());
        if (http != NO_CONTENT && answer.isFromIntermediary()) {
            answer = answer.notUnderstood();
            status = answer.status();
        }
        message.setBody(answer.body());
        message.setHeader(STATUS, status);
        boolean neverSent = UnprovenAnswer.neverSent(failure(exchange));
        boolean misused = MisusedCall.is(exchange, failure(exchange), http);
        exchange.removeProperty(Exchange.EXCEPTION_CAUGHT);
        HubspotLogin login = login(exchange);
        ThrottleSignal throttleSignal =
                HubspotErrors.throttleSignal(answer, operation, header(message, failed, "Retry-After"), Instant.now());
        permits.report(
                exchange,
                new CallReport(
                        operation,
                        http,
                        message.getHeader(RECORDS, 0, Integer.class),
                        exchange.getProperty(SENT_BYTES, 0L, Long.class),
                        answerBytes,
                        null,
                        throttleSignal));
        reportUsage(account, member, header(message, failed, DAILY), header(message, failed, DAILY_LEFT));
        String redirect = Redirects.words(status, failed == null ? null : failed.getRedirectLocation(), login.url());
        if (redirect != null) {
            accounts.recordMisconfiguration(account, redirect);
            message.setHeader(Permits.THROTTLED, true);
        } else if (throttleSignal == null && !misused) {
            accounts.recordAnswer(account, status, answer.ok() ? null : answer.code() + ": " + answer.message());
        }
        if (neverSent) {
            message.setHeader(Permits.THROTTLED, true);
        }
        if (status == 401) {
            login.tokenRejected(exchange.getProperty(TOKEN, String.class));
            message.setHeader(Permits.THROTTLED, true);
        } else if (answer.ok()) {
            login.tokenAccepted(exchange.getProperty(TOKEN, String.class));
        }
        exchange.removeProperty(TOKEN);
        if (!answer.ok() && !answer.isError() && ErrorScope.of(status) == ErrorScope.OBJECT) {
            message.setHeader(ErrorScope.HEADER, ErrorScope.TRANSIENT); // a firewall's page does not concern the object
        }
    }

    /** Reports the daily usage that the answer states; a 403 and an OAuth call state none. */
    private void reportUsage(String account, String member, String max, String left) throws SQLException {
        if (max != null && left != null && max.matches("\\d{1,12}") && left.matches("\\d{1,12}")) {
            long allowed = Long.parseLong(max);
            permits.reported(account, member, "daily", allowed, allowed - Long.parseLong(left));
        }
    }

    /** Returns the permit of a call that was not made, because the circuit breaker was open or the login failed. */
    public void notSent(Exchange exchange, String account) throws SQLException {
        exchange.getMessage().removeHeader(AUTHORIZATION);
        Exception failure = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class);
        String cause = failure == null ? "no call was made" : RootCause.of(failure);
        boolean servedByOthers = failure instanceof LoginRejected && permits.leaveOut(exchange, failure.getMessage());
        permits.cancel(exchange);
        exchange.getMessage().setBody(cause);
        exchange.getMessage().setHeader(STATUS, CallReport.NO_ANSWER);
        exchange.getMessage().setHeader(Permits.THROTTLED, true);
        exchange.removeProperty(Exchange.EXCEPTION_CAUGHT);
        if (!servedByOthers && failure instanceof LoginRejected) {
            accounts.recordRejectedLogin(account, cause);
        }
    }

    private static HttpOperationFailedException failed(Exchange exchange) {
        Exception failure = failure(exchange);
        return failure == null ? null : ObjectHelper.getException(HttpOperationFailedException.class, failure);
    }

    private static Exception failure(Exchange exchange) {
        return exchange.getException() != null
                ? exchange.getException()
                : exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class);
    }

    private static int statusOf(Exchange exchange) {
        if (failure(exchange) == null) {
            return exchange.getMessage().getHeader(Exchange.HTTP_RESPONSE_CODE, 200, Integer.class);
        }
        HttpOperationFailedException failed = failed(exchange);
        return failed == null ? CallReport.NO_ANSWER : failed.getStatusCode();
    }

    private static String bodyOf(Exchange exchange, HttpOperationFailedException failed, int status) {
        if (failed != null) {
            return failed.getResponseBody();
        }
        return status == CallReport.NO_ANSWER ? RootCause.of(failure(exchange)) : AnswerText.of(exchange.getMessage());
    }

    private static String header(Message message, HttpOperationFailedException failed, String name) {
        if (failed == null) {
            return message.getHeader(name, String.class);
        }
        return failed.getResponseHeaders() == null
                ? null
                : failed.getResponseHeaders().entrySet().stream()
                        .filter(entry -> entry.getKey().equalsIgnoreCase(name))
                        .map(Map.Entry::getValue)
                        .findFirst()
                        .orElse(null);
    }
}
