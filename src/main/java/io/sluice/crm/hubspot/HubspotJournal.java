// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.RejectedEvent;
import io.sluice.RootCause;
import io.sluice.crm.LoginRejected;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.camel.Exchange;
import org.apache.camel.Message;

/**
 * Reads the webhooks journal: finds the file after an offset and downloads it. No limit of the account counts these
 * calls ({@code x-hubspot-rate-limit-exemptions}: daily and ten-secondly), so they take no permit.
 */
public final class HubspotJournal {

    /** Maximum size of a file, in bytes; files are far smaller, and a larger one is not read. */
    static final int MAX_FILE_BYTES = 64 * 1024 * 1024;

    private static final String ACCOUNT = "SluiceJournalAccount";
    private static final String LOGIN = "SluiceJournalLogin";
    private static final String TOKEN = "SluiceJournalToken";
    private static final String ENDPOINT = "SluiceJournalEndpoint";
    private static final String PORTAL = "SluiceJournalPortal";
    private static final String FILE = "SluiceJournalFile";
    private static final String OFFSET = "SluiceJournalOffset";
    private static final String AUTHORIZATION = "Authorization";

    private final Map<String, HubspotLogin> logins;
    private final Map<String, String> portals;
    private final HubspotObjects objects;

    /**
     * @param logins  the logins of the apps themselves, by account
     * @param portals account to HubSpot's number of the account (portal id); an app has one journal for all accounts
     *     that installed it
     */
    HubspotJournal(Map<String, HubspotLogin> logins, Map<String, String> portals, HubspotObjects objects) {
        this.objects = objects;
        this.logins = logins;
        this.portals = portals;
    }

    /** Requests the file after the offset in the body, or the oldest file where the body is empty. */
    public void ask(Exchange exchange, String account, String apiVersion) throws LoginRejected {
        Message message = exchange.getMessage();
        String offset = message.getBody(String.class);
        exchange.removeProperty(FILE);
        exchange.removeProperty(OFFSET);
        HubspotLogin login = logins.get(account);
        if (login == null) {
            throw new LoginRejected(account, "no HubSpot account of this name is configured", null);
        }
        String token = login.token();
        String portal = portals.getOrDefault(account, "");
        if (!portal.matches("\\d{1,18}")) {
            throw new LoginRejected(
                    account, "the journal needs the setting portal-id, HubSpot's number of the account", null);
        }
        exchange.setProperty(ACCOUNT, account);
        exchange.setProperty(PORTAL, portal);
        exchange.setProperty(LOGIN, login);
        exchange.setProperty(TOKEN, token);
        exchange.setProperty(ENDPOINT, asData(login.endpoint()));
        message.setBody(null);
        message.setHeader(AUTHORIZATION, "Bearer " + token);
        message.setHeader(Exchange.HTTP_METHOD, "GET");
        message.setHeader(
                Exchange.HTTP_PATH,
                "/webhooks-journal/journal-local/" + apiVersion
                        + (offset == null || offset.isBlank()
                                ? "/earliest"
                                : "/offset/" + URLEncoder.encode(offset.strip(), StandardCharsets.UTF_8) + "/next"));
        message.setHeader(Exchange.HTTP_QUERY, "installPortalId=" + portal);
    }

    /** Returns the endpoint with a 4xx as data. */
    private static String asData(String endpoint) {
        return endpoint + "&throwExceptionOnFailure=false";
    }

    /** Returns the endpoint of the next call. */
    public String endpoint(Exchange exchange) {
        return exchange.getProperty(ENDPOINT, String.class);
    }

    /** Takes the address of the next file. The body becomes an empty list if there is no new file. */
    public void found(Exchange exchange) throws IOException {
        Message message = exchange.getMessage();
        message.removeHeader(AUTHORIZATION);
        int status = status(message);
        HubspotLogin login = exchange.getProperty(LOGIN, HubspotLogin.class);
        if (status == 401) {
            login.tokenRejected(exchange.getProperty(TOKEN, String.class));
        } else if (status < 400) {
            login.tokenAccepted(exchange.getProperty(TOKEN, String.class));
        }
        exchange.removeProperty(LOGIN);
        exchange.removeProperty(TOKEN);
        HubspotAnswer answer = new HubspotAnswer(status, message.getBody(String.class));
        if (status == 204) {
            message.setBody(List.of());
        } else if (answer.ok()) {
            JsonNode json = answer.json()
                    .orElseThrow(() -> new IOException("the answer of HubSpot's webhooks journal is not JSON"));
            exchange.setProperty(FILE, file(json.path("url").asText(), login.url()));
            exchange.setProperty(OFFSET, offset(json.path("currentOffset").asText()));
        } else {
            message.setBody(answer.body());
            if (answer.isFromIntermediary()) {
                message.setHeader(
                        HubspotCalls.STATUS, HubspotAnswer.NOT_UNDERSTOOD); // an intermediary knows no offsets
            }
        }
    }

    /** @throws IOException without the address in its message, because the address grants access while it is valid */
    private static URI file(String url, String own) throws IOException {
        try {
            URI address = URI.create(url);
            boolean safe = "https".equals(address.getScheme())
                    || "http".equals(address.getScheme()) && own.startsWith("http://");
            if (safe && address.getRawAuthority() != null) {
                return address;
            }
        } catch (IllegalArgumentException none) {
            // reported below
        }
        throw new IOException("HubSpot's webhooks journal names a file without a usable address");
    }

    private static String offset(String text) throws IOException {
        try {
            return UUID.fromString(text).toString();
        } catch (IllegalArgumentException none) {
            throw new IOException("HubSpot's webhooks journal names a file without an offset", none);
        }
    }

    public boolean isFile(Exchange exchange) {
        return exchange.getProperty(FILE) != null;
    }

    /** Prepares the download of the file, without a token. */
    public void aim(Exchange exchange) {
        URI file = (URI) exchange.removeProperty(FILE);
        Message message = exchange.getMessage();
        String endpoint = exchange.getProperty(ENDPOINT, String.class);
        exchange.setProperty(
                ENDPOINT,
                file.getScheme() + "://" + file.getRawAuthority() + endpoint.substring(endpoint.indexOf('?')));
        message.setBody(null);
        message.removeHeader(Exchange.HTTP_RESPONSE_CODE);
        message.setHeader(Exchange.HTTP_METHOD, "GET");
        message.setHeader(Exchange.HTTP_PATH, file.getRawPath());
        message.setHeader(Exchange.HTTP_RAW_QUERY, file.getRawQuery());
    }

    /** Sets the file's events as the body and its offset as a header. An answer that is an error stays as it is. */
    public void events(Exchange exchange) throws IOException {
        Message message = exchange.getMessage();
        if (status(message) != 200) {
            message.setBody(message.getBody(String.class));
            return;
        }
        InputStream body = message.getBody(InputStream.class);
        byte[] file = body == null ? new byte[0] : body.readNBytes(MAX_FILE_BYTES + 1);
        if (file.length > MAX_FILE_BYTES) {
            throw new IOException("a file of HubSpot's webhooks journal is larger than " + MAX_FILE_BYTES + " bytes");
        }
        List<RejectedEvent> rejected = new ArrayList<>();
        message.setBody(objects.asNamed(
                exchange.getProperty(ACCOUNT, String.class),
                JournalFile.read(file, exchange.getProperty(PORTAL, String.class), rejected)));
        message.setHeader(RejectedEvent.HEADER, rejected);
        message.setHeader(HubspotReads.NEXT, exchange.removeProperty(OFFSET));
    }

    private static int status(Message message) {
        int status = message.getHeader(Exchange.HTTP_RESPONSE_CODE, 0, Integer.class);
        message.removeHeaders("CamelHttp*");
        message.setHeader(HubspotCalls.STATUS, status);
        return status;
    }

    /** Handles a call without a usable answer: sets the status to 0 and the cause as the body. */
    public void failed(Exchange exchange) {
        Message message = exchange.getMessage();
        message.removeHeader(AUTHORIZATION);
        message.removeHeaders("CamelHttp*");
        message.removeHeader(HubspotReads.NEXT);
        message.setHeader(HubspotCalls.STATUS, 0);
        message.setBody(RootCause.of(exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class)));
        List.of(ACCOUNT, LOGIN, TOKEN, ENDPOINT, PORTAL, FILE, OFFSET, Exchange.EXCEPTION_CAUGHT)
                .forEach(exchange::removeProperty);
    }
}
