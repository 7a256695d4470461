// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import io.sluice.sandbox.salesforce.soap.Envelope;
import io.sluice.sandbox.salesforce.soap.MalformedEnvelopeException;
import io.sluice.sandbox.salesforce.soap.SoapFault;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Call;
import io.sluice.sandbox.server.Fault;
import io.sluice.sandbox.server.Protocol;
import io.sluice.sandbox.server.Request;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Serves Salesforce's SOAP API in its partner form, {@code /services/Soap/u/VERSION} (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_quickstart_intro.htm">SOAP API
 * Developer Guide</a>): authentication, routing and errors. Each error of a whole call is a fault with the status 500.
 */
final class SoapProtocol implements Protocol {

    private static final String PATH = "/services/Soap/";
    /** Maximum size of a request ("EXCEEDED_MAX_SIZE_REQUEST" in the guide's list of exception codes: 50 MB). */
    private static final int LARGEST_REQUEST = 50 << 20;
    /** Maximum size of a login ("API Request Limits and Allocations"): 10 KB. */
    private static final int LARGEST_LOGIN = 10 << 10;

    private final Sessions sessions;
    private final SoapLogin login;
    private final SoapOperations operations;

    SoapProtocol(Sessions sessions, Logins logins, Cursors cursors) {
        this.sessions = sessions;
        this.login = new SoapLogin(sessions, logins);
        this.operations = new SoapOperations(cursors, sessions);
    }

    @Override
    public boolean serves(Call call) {
        return call.path().startsWith(PATH);
    }

    @Override
    public Request open(Call call) {
        List<String> path = call.segments();
        if (path.size() < 4 || !"u".equals(path.get(2))) {
            return nobodys(Answer.text(
                    404,
                    "text/plain;charset=UTF-8",
                    "The sandbox speaks the partner API alone, at " + PATH + "u/VERSION.\n"));
        }
        if (!"POST".equals(call.method())) {
            return nobodys(Answer.text(405, "text/plain;charset=UTF-8", "SOAP calls are POST requests.\n"));
        }
        if (call.body().length > LARGEST_REQUEST) {
            return nobodys(fault("EXCEEDED_MAX_SIZE_REQUEST", "The request is larger than 50 MB"));
        }
        try {
            Envelope envelope = Envelope.open(call.body());
            return SoapLogin.OPERATION.equals(envelope.operation())
                    ? login(call, envelope)
                    : data(call, envelope, path.get(3));
        } catch (MalformedEnvelopeException e) {
            return nobodys(xml(500, SoapFault.client(e.getMessage())));
        }
    }

    @Override
    public Answer refusal(Request request, String limit) {
        return fault(SalesforceProtocol.refused(limit));
    }

    @Override
    public Answer unavailable(Fault fault) {
        return SalesforceProtocol.page(fault).orElseGet(() -> {
            SalesforceError error = SalesforceProtocol.down(fault);
            return xml(SalesforceProtocol.downStatus(fault), SoapFault.of(error.code(), error.message()));
        });
    }

    @Override
    public Answer error(Request request, Fault fault) {
        SalesforceError error = SalesforceProtocol.errorOf(fault, null);
        return xml(fault.settings().path("status").asInt(500), SoapFault.of(error.code(), error.message()));
    }

    /** Answers the results without a limit header: the use of the limit is in the envelope. */
    @Override
    public Answer results(Request request, Answer answer, Fault fault) {
        return ChangedResults.of(answer, fault);
    }

    @Override
    public Answer complete(Request request, Answer answer) {
        return answer;
    }

    static Answer xml(int status, String envelope) {
        return Answer.text(status, "text/xml;charset=UTF-8", envelope);
    }

    /** Builds a fault; an error in the XML itself is a client fault in SOAP's terms. */
    static Answer fault(SalesforceError error) {
        return "XML_PARSER_ERROR".equals(error.code())
                ? xml(500, SoapFault.client(error.message()))
                : fault(error.code(), error.message());
    }

    private static Answer fault(String code, String message) {
        return xml(500, SoapFault.of(code, message));
    }

    private Request login(Call call, Envelope envelope) throws MalformedEnvelopeException {
        if (call.body().length > LARGEST_LOGIN) {
            return nobodys(fault("EXCEEDED_MAX_SIZE_REQUEST", "A login request is at most 10 KB"));
        }
        return login.request(envelope.body(), call.origin(), call.segments().get(3));
    }

    private Request data(Call call, Envelope envelope, String version) {
        Optional<Sessions.Session> session =
                envelope.header("SessionHeader", "sessionId").flatMap(sessions::find);
        Account account = session.map(Sessions.Session::account).orElse(null);
        if (session.filter(Sessions.Session::valid).isEmpty()) {
            return unauthorized(
                    account,
                    fault(
                            "INVALID_SESSION_ID",
                            "Invalid Session ID found in SessionHeader: "
                                    + "Illegal Session. Session not found, missing session hash"));
        }
        if (!SalesforceProtocol.isServed("v" + version)) {
            return Request.data(
                    account,
                    "unknown",
                    Set.of(),
                    attempt -> fault("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL"));
        }
        return operations.request(new SoapCall(account, envelope, version, call.origin()));
    }

    private static Request nobodys(Answer answer) {
        return unauthorized(null, answer);
    }

    private static Request unauthorized(Account account, Answer answer) {
        return new Request(account, Request.Kind.UNAUTHORIZED, "unauthorized", Set.of(), Set::of, attempt -> answer);
    }
}
