// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import io.sluice.sandbox.salesforce.soap.Element;
import io.sluice.sandbox.salesforce.soap.EnvelopeWriter;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Request;
import java.util.Set;
import javax.xml.stream.XMLStreamException;

/** Serves login and getUserInfo of the SOAP API; a login counts like one of OAuth. */
final class SoapLogin {

    static final String OPERATION = "login";

    private final Sessions sessions;
    private final Logins logins;

    SoapLogin(Sessions sessions, Logins logins) {
        this.sessions = sessions;
        this.logins = logins;
    }

    Request request(Element body, String origin, String version) {
        String username = body.value("username").orElse("");
        Account account = logins.accountOf(username).orElse(null);
        return new Request(account, Request.Kind.LOGIN, "soapLogin", Set.of(), Set::of, attempt -> {
            if (account == null
                    || !Logins.passwordIsRight(body.value("password").orElse(""))) {
                return SoapProtocol.fault(SalesforceError.of(
                        "INVALID_LOGIN", "Invalid username, password, security token; or user locked out."));
            }
            if (!SalesforceProtocol.isServed("v" + version)) {
                return SoapProtocol.fault(
                        SalesforceError.of("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL"));
            }
            return SoapProtocol.xml(
                    200,
                    EnvelopeWriter.answer(
                            OPERATION,
                            null,
                            xml -> xml.element("result", result -> result(result, account, origin, version))));
        });
    }

    static Answer userInfo(SoapCall call, Request.Attempt attempt) {
        return call.answer(xml -> xml.element("result", result -> user(result, call.account())));
    }

    private void result(EnvelopeWriter xml, Account account, String origin, String version) throws XMLStreamException {
        String organization = SalesforceDefaults.ORGANIZATION.substring(0, 15);
        xml.value("metadataServerUrl", origin + "/services/Soap/m/" + version + "/" + organization)
                .value("passwordExpired", false)
                .value("sandbox", true)
                .value("serverUrl", origin + "/services/Soap/u/" + version + "/" + organization)
                .value("sessionId", sessions.issue(account))
                .value("userId", SalesforceDefaults.API_USER)
                .element("userInfo", user -> user(user, account));
    }

    private static void user(EnvelopeWriter xml, Account account) throws XMLStreamException {
        xml.value("accessibilityMode", false)
                .value("chatterExternal", false)
                .value("currencySymbol", "$")
                .value("orgAttachmentFileSizeLimit", 5_242_880)
                .value("orgDefaultCurrencyIsoCode", "USD")
                .value("orgDefaultCurrencyLocale", "en_US")
                .value("orgDisallowHtmlAttachments", false)
                .value("orgHasPersonAccounts", false)
                .value("organizationId", SalesforceDefaults.ORGANIZATION)
                .value("organizationMultiCurrency", false)
                .value("organizationName", "Sluice sandbox")
                .value("profileId", SalesforceDefaults.PROFILE)
                .value("roleId", null)
                .value("sessionSecondsValid", account.sessionSeconds())
                .value("userDefaultCurrencyIsoCode", null)
                .value("userEmail", SalesforceDefaults.API_USERNAME)
                .value("userFullName", "Integration Sluice")
                .value("userId", SalesforceDefaults.API_USER)
                .value("userLanguage", "en_US")
                .value("userLocale", "en_US")
                .value("userName", SalesforceDefaults.API_USERNAME)
                .value("userTimeZone", "GMT")
                .value("userType", "Standard")
                .value("userUiSkin", "Theme3");
    }
}
