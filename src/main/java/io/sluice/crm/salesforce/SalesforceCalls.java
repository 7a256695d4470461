// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import io.sluice.RecordChange;
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
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.component.salesforce.SalesforceComponent;
import org.apache.camel.component.salesforce.api.SalesforceException;
import org.apache.camel.component.salesforce.internal.SalesforceSession;
import org.apache.camel.util.ObjectHelper;

/**
 * Runs the steps of the Salesforce Kamelets that YAML can't express: builds requests and classifies answers. The
 * headers {@value #PATH} and {@value #METHOD} hold a request's path and method; {@value #STATUS} holds the answer's
 * status, 0 when none came.
 */
public final class SalesforceCalls {

    public static final String METHOD = "rawMethod";
    public static final String PATH = "rawPath";
    public static final String STATUS = "SluiceStatus";
    public static final String RECORDS = "SluiceRecords";
    /** Message of camel-salesforce for an answer that it could not read; it ends with the answer. */
    private static final Pattern WITH_CONTENT = Pattern.compile("(?s)Unexpected error: .*?, with content: (.*)");

    private static final Pattern VERSION = Pattern.compile("/services/data/v([0-9.]+)/");
    /** The version of the API with which the syncs write: that of the Kamelet, or the default of all of them. */
    private static final String VERSION_OF_SYNCS = "{{camel.kamelet.salesforce-upsert-sink.apiVersion:62.0}}";

    private static final String CHANGES = "SluiceChanges";
    private static final String TOKEN = "SluiceToken";
    private static final int NOT_FOUND = 404;
    static final String SENT_BYTES = "SluiceSentBytes";

    /**
     * Maximum length of an address, in bytes. Salesforce takes 16,384 for address and headers together and advises less
     * (Salesforce Help, 000386264); intermediaries such as nginx or Apache take a line of 8 KB.
     */
    static final int MAX_PATH = 8_000;
    /** Maximum size of an answer that is kept in memory, in bytes. */
    static final int MAX_ANSWER = 16 << 20;

    static final int TOO_LARGE = 413;
    /** Message of the HTTP client for an answer above the maximum size. */
    private static final String OVER_CAPACITY = "Buffering capacity " + MAX_ANSWER + " exceeded";

    private static final String IN_A_COMPOSITE = "SluiceInAComposite";

    private final Permits permits;
    private final Accounts accounts;
    private final SalesforceSessions sessions;
    private final SalesforceCache cache;

    SalesforceCalls(Permits permits, Accounts accounts, SalesforceSessions sessions, SalesforceCache cache) {
        this.permits = permits;
        this.accounts = accounts;
        this.sessions = sessions;
        this.cache = cache;
    }

    // --- the call itself

    /** Records the size of the request, in bytes; a SOAP request is written only when its session is known. */
    public void measure(Exchange exchange) {
        if (exchange.getMessage().getBody() instanceof SoapRequest) {
            return;
        }
        String body = exchange.getMessage().getBody(String.class);
        byte[] bytes = body == null ? null : body.getBytes(StandardCharsets.UTF_8);
        exchange.getMessage().setBody(bytes);
        exchange.setProperty(SENT_BYTES, bytes == null ? 0L : (long) bytes.length);
    }

    /**
     * Sends a read whose address is too long, such as a query of very many fields, as the only part of a Composite
     * call, whose body holds the address. It is still one call.
     */
    public void shorten(Exchange exchange, String apiVersion) {
        Message message = exchange.getMessage();
        String path = message.getHeader(PATH, String.class);
        if ("GET".equals(message.getHeader(METHOD)) && path.length() > MAX_PATH) {
            exchange.setProperty(IN_A_COMPOSITE, true);
            message.setHeader(METHOD, "POST");
            message.setHeader(PATH, "/services/data/v" + apiVersion + "/composite");
            message.setBody(SalesforceComposite.ofOne(path));
            measure(exchange);
        }
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
        Exception failure = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class);
        if (failure != null && member(exchange) == null) {
            throw failure;
        }
        SalesforceAnswer answer = answerOf(exchange, failure);
        int http = answer.status();
        boolean toFile = failure == null && exchange.getMessage().getBody() instanceof Path;
        Long answerBytes = http == CallReport.NO_ANSWER
                ? null
                : AnswerSize.bytes(toFile ? exchange.getMessage().getBody() : answer.body());
        if (!(exchange.getMessage().getBody() instanceof Path && answer.ok()) && answer.isFromIntermediary()) {
            answer = answer.notUnderstood();
        }
        int status = answer.status();
        String body = answer.body();
        if (failure != null || !(exchange.getMessage().getBody() instanceof Path)) {
            exchange.getMessage().setBody(body);
        }
        exchange.getMessage().setHeader(STATUS, status);
        exchange.removeProperty(Exchange.EXCEPTION_CAUGHT);
        int records = exchange.getMessage().getHeader(RECORDS, 0, Integer.class);
        String member = member(exchange);
        // if the session was accepted before, the next call makes a new one, and this call did nothing
        boolean signsInAgain = signsInAgain(exchange, answer);
        ThrottleSignal throttleSignal = answer.sessionExpired() && !signsInAgain
                ? new ThrottleSignal(ThrottleSignal.SIGN_IN, Duration.ZERO)
                : SalesforceErrors.throttleSignal(answer);
        permits.report(
                exchange,
                new CallReport(
                        operation,
                        http,
                        records,
                        exchange.getProperty(SENT_BYTES, 0L, Long.class),
                        answerBytes,
                        null,
                        throttleSignal));
        var usage = SalesforceAnswer.apiUsage(exchange.getMessage().getHeader("Sforce-Limit-Info", String.class))
                .or(() -> SoapAnswer.parse(body).flatMap(SoapAnswer::apiUsage));
        if (usage.isPresent()) {
            permits.reported(account, member, "daily", usage.get()[1], usage.get()[0]);
        }
        ErrorScope errorScope = SalesforceErrors.scope(answer);
        exchange.getMessage().setHeader(ErrorScope.HEADER, errorScope);
        String misconfigured = misconfigured(exchange, answer, member);
        if (misconfigured != null) {
            // another login may return another address
            sessions.tokenRejected(member, session(exchange, member), exchange.getProperty(TOKEN, String.class));
            exchange.getMessage().setHeader(Permits.THROTTLED, true);
            if (!isOfOwnAddress(exchange, answer)) {
                accounts.recordMisconfiguration(account, misconfigured);
            }
            return;
        }
        // the 404 of a read may concern the record
        if (errorScope == ErrorScope.OBJECT && !(status == NOT_FOUND && operation.equals("read"))) {
            cache.dropShapes(account);
        }
        if (UnprovenAnswer.neverSent(failure)) {
            exchange.getMessage().setHeader(Permits.THROTTLED, true);
        }
        if (signsInAgain) {
            exchange.getMessage().setHeader(Permits.THROTTLED, true);
        } else if (throttleSignal == null || !throttleSignal.isLimit() && !hasOthers(account, throttleSignal)) {
            if (MisusedCall.is(exchange, failure, http)) {
                return;
            }
            // a missing right or a missing object is not a problem of the account
            accounts.recordAnswer(
                    account,
                    errorScope == ErrorScope.OBJECT ? NOT_FOUND : status,
                    answer.ok() ? null : answer.code() + ": " + answer.message());
        }
    }

    /** Tells whether a route of one's own chose another API version than the syncs have, or an address outside the API. */
    private static boolean isOfOwnAddress(Exchange exchange, SalesforceAnswer answer) {
        String path = String.valueOf(exchange.getMessage().getHeader(PATH));
        Matcher version = VERSION.matcher(path);
        return MisusedCall.isOfOwnRoute(exchange)
                && (SalesforceErrors.isUnsupportedVersion(answer)
                        ? !version.find()
                                || !version.group(1)
                                        .equals(exchange.getContext().resolvePropertyPlaceholders(VERSION_OF_SYNCS))
                        : !path.startsWith("/services/"));
    }

    /** Returns a message if the configured address or API version is not that of the organisation, else null. */
    private String misconfigured(Exchange exchange, SalesforceAnswer answer, String member) {
        if (SalesforceErrors.isUnsupportedVersion(answer)) {
            Matcher version =
                    VERSION.matcher(String.valueOf(exchange.getMessage().getHeader(PATH)));
            return "HTTP 410: the organisation does not serve API version "
                    + (version.find() ? version.group(1) : "that is set")
                    + ". Set camel.kamelet.NAME.apiVersion of the Salesforce Kamelets in application.properties to one that it"
                    + " serves";
        }
        return Redirects.words(
                answer.status(),
                SalesforceRedirects.last(exchange, member),
                session(exchange, member).getInstanceUrl());
    }

    private boolean signsInAgain(Exchange exchange, SalesforceAnswer answer) {
        String member = member(exchange);
        String token = exchange.getProperty(TOKEN, String.class);
        if (!answer.sessionExpired()) {
            if (answer.status() != CallReport.NO_ANSWER && answer.status() < 500) {
                sessions.tokenAccepted(member, token);
            }
            return false;
        }
        return !SalesforceErrors.isIndependentOfLogin(answer)
                && sessions.tokenRejected(member, session(exchange, member), token);
    }

    /** Tells whether other logins make the account's calls meanwhile. */
    private boolean hasOthers(String account, ThrottleSignal throttleSignal) {
        return throttleSignal.kind().equals(ThrottleSignal.SIGN_IN)
                && accounts.get(account).pool().members().size() > 1;
    }

    /** Returns the permit of a call that was not made, because the circuit breaker was open or the login failed. */
    public void notSent(Exchange exchange, String account) throws SQLException {
        Exception failure = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class);
        String cause = failure == null ? "no call was made" : RootCause.of(failure);
        boolean servedByOthers = failure instanceof LoginRejected && permits.leaveOut(exchange, failure.getMessage());
        permits.cancel(exchange);
        exchange.removeProperty(IN_A_COMPOSITE);
        exchange.getMessage().setBody(cause);
        exchange.getMessage().setHeader(STATUS, CallReport.NO_ANSWER);
        exchange.getMessage().setHeader(Permits.THROTTLED, true);
        exchange.removeProperty(Exchange.EXCEPTION_CAUGHT);
        if (!servedByOthers && failure instanceof LoginRejected) {
            accounts.recordRejectedLogin(account, cause);
        }
    }

    /** Creates a session where there is no valid one. A login is not counted by a quota. */
    public void signIn(Exchange exchange) throws LoginRejected {
        String member = member(exchange);
        SalesforceRedirects.watch(exchange, member);
        String token = sessions.signIn(member, session(exchange, member));
        exchange.setProperty(TOKEN, token);
        if (exchange.getMessage().getBody() instanceof SoapRequest request) {
            exchange.getMessage().setBody(request.envelope(token));
            measure(exchange);
        }
    }

    static String member(Exchange exchange) {
        return exchange.getMessage().getHeader(Permits.MEMBER, String.class);
    }

    private static SalesforceSession session(Exchange exchange, String member) {
        return exchange.getContext()
                .getComponent(member, SalesforceComponent.class)
                .getSession();
    }

    private static SalesforceAnswer answerOf(Exchange exchange, Exception failure) {
        int status = statusOf(exchange);
        SalesforceAnswer answer = new SalesforceAnswer(status, bodyOf(exchange, failure, status));
        return exchange.removeProperty(IN_A_COMPOSITE) == null ? answer : SalesforceComposite.oneOf(answer);
    }

    private static int statusOf(Exchange exchange) {
        Exception failure = exchange.getException() != null
                ? exchange.getException()
                : exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class);
        if (failure == null) {
            return exchange.getMessage().getHeader(Exchange.HTTP_RESPONSE_CODE, 200, Integer.class);
        }
        if (isTooLarge(exchange, failure)) {
            return TOO_LARGE;
        }
        SalesforceException answer = ObjectHelper.getException(SalesforceException.class, failure);
        // a failure with a 2xx is a truncated answer
        return answer == null || answer.getStatusCode() < 300
                ? CallReport.NO_ANSWER
                : SoapAnswer.parse(answer.getMessage())
                        .map(soap -> soap.status(answer.getStatusCode()))
                        .orElse(answer.getStatusCode());
    }

    /**
     * Tells whether the answer exceeds the maximum size: not a failure of Salesforce, because a smaller read can
     * succeed.
     */
    private static boolean isTooLarge(Exchange exchange, Exception failure) {
        return ("GET".equals(exchange.getMessage().getHeader(METHOD)) || exchange.getProperty(IN_A_COMPOSITE) != null)
                && OVER_CAPACITY.equals(RootCause.of(failure));
    }

    /**
     * Returns the answer's text, empty for a file; camel-salesforce passes the answer to a failed raw call as the
     * exception's message.
     */
    private static String bodyOf(Exchange exchange, Exception failure, int status) {
        if (failure == null) {
            return exchange.getMessage().getBody() instanceof Path ? "" : AnswerText.of(exchange.getMessage());
        }
        SalesforceException answer = ObjectHelper.getException(SalesforceException.class, failure);
        if (status == TOO_LARGE && isTooLarge(exchange, failure)) {
            return "the answer is larger than 16 MiB";
        }
        if (status == CallReport.NO_ANSWER || answer == null) {
            return RootCause.of(failure);
        }
        Matcher own = WITH_CONTENT.matcher(answer.getMessage());
        return !own.matches() ? answer.getMessage() : own.group(1).equals("null") ? "" : own.group(1);
    }

    static SalesforceAnswer answer(Exchange exchange) {
        return new SalesforceAnswer(
                exchange.getMessage().getHeader(STATUS, 0, Integer.class),
                exchange.getMessage().getBody(String.class));
    }

    /** Returns the path of a query. */
    public String queryPath(String soql, String apiVersion) {
        return path(soql, apiVersion);
    }

    static String path(String soql, String apiVersion) {
        return "/services/data/v" + apiVersion + "/query?q="
                + URLEncoder.encode(soql, StandardCharsets.UTF_8).replace("+", "%20");
    }

    // --- writing

    /** Replaces an answer that is not what the call asked for by a 502 (RFC 9110, Bad Gateway). */
    static void notUnderstood(Exchange exchange) {
        SalesforceAnswer answer = answer(exchange);
        if (answer.ok()) {
            exchange.getMessage().setHeader(STATUS, SalesforceAnswer.NOT_UNDERSTOOD);
            exchange.getMessage().setBody(answer.notUnderstood().body());
        }
    }

    static void keep(Exchange exchange, List<RecordChange> changes) {
        exchange.setProperty(CHANGES, changes);
        exchange.getMessage().setHeader(RECORDS, changes.size());
    }

    /** Replaces the kept records, of which the ids are known by now. */
    static void replace(Exchange exchange, List<RecordChange> changes) {
        exchange.setProperty(CHANGES, changes);
    }

    @SuppressWarnings("unchecked")
    static List<RecordChange> changes(Exchange exchange) {
        return exchange.getProperty(CHANGES, List.class);
    }

    // --- describing

    /** Sets the names in the answer of the global describe as the body; an empty list where there is no such answer. */
    public void names(Exchange exchange) {
        SalesforceAnswer answer = answer(exchange);
        List<String> names = new ArrayList<>();
        if (answer.ok()) {
            answer.json().ifPresent(all -> all.path("sobjects")
                    .forEach(object -> names.add(object.path("name").asText())));
        }
        exchange.getMessage().setBody(names);
    }
}
