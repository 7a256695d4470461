// SPDX-License-Identifier: Apache-2.0
package io.sluice.alert;

import io.sluice.RootCause;
import jakarta.mail.Address;
import jakarta.mail.PasswordAuthentication;
import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.InternetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.camel.component.mail.MailAuthenticator;
import org.apache.camel.http.base.HttpOperationFailedException;
import org.apache.camel.util.ObjectHelper;
import org.eclipse.angus.mail.smtp.SMTPSendFailedException;

/**
 * The channels to which alerts are delivered, and their secrets. The address of a webhook often is its only secret: so it
 * is part of no URI of a route, but is set for each call, and is removed from every message about a failure.
 */
public final class AlertChannels {

    private static final int MIN_SECRET_LENGTH = 4;
    private static final String HIDDEN = "***";
    /** HTTP statuses about the content; others are about the address, the login or the server, and may change. */
    private static final Set<Integer> REJECTIONS = Set.of(400, 413, 422);
    /** Replies to a mail's text that reject its content; those to other commands are about the login or an address. */
    private static final Set<Integer> TEXT_REJECTIONS = Set.of(550, 552, 554);
    /** The command that ends a mail's text. */
    private static final String END_OF_TEXT = ".";

    private final String webhookUrl;
    private final String slackUrl;
    private final Mail mail;
    private final boolean log;

    /**
     * The settings of mails.
     *
     * @param to       recipients, separated by commas, or null for no mails
     * @param from     sender
     * @param user     user of the mail server, or null for no login
     * @param password password of the user, or null
     */
    public record Mail(String to, String from, String user, String password) {

        @Override
        public String toString() {
            return "mails to " + to;
        }
    }

    /**
     * @param log        whether alerts are logged
     * @param webhookUrl address of the webhook, or null
     * @param slackUrl   address of the incoming webhook of Slack, or null
     */
    public AlertChannels(boolean log, String webhookUrl, String slackUrl, Mail mail) {
        this.log = log;
        this.webhookUrl = checked("sluice.alerts.webhook.url", webhookUrl);
        this.slackUrl = checked("sluice.alerts.slack.url", slackUrl);
        this.mail = mail;
        if (mail.to() != null) {
            checkAddresses("sluice.alerts.mail.to", mail.to());
            checkAddresses("sluice.alerts.mail.from", mail.from());
        }
    }

    private static void checkAddresses(String setting, String addresses) {
        String problem = "there is none";
        try {
            if (InternetAddress.parse(addresses, true).length > 0) {
                return;
            }
        } catch (AddressException unreadable) {
            problem = unreadable.getMessage();
        }
        throw new IllegalArgumentException("application.properties: " + setting
                + " must be a mail address such as ops@example.org, or several, separated by commas: " + problem);
    }

    /** Checks an address; the message does not name it, because it is a secret. */
    private static String checked(String setting, String url) {
        if (url == null) {
            return null;
        }
        try {
            URI uri = new URI(url);
            if (uri.getHost() != null && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
                return url;
            }
        } catch (URISyntaxException unreadable) {
            // its message names the address
        }
        throw new IllegalArgumentException("application.properties: " + setting + " must be an http or https address");
    }

    /** Returns the names of the channels that are on. */
    public List<String> names() {
        List<String> names = new ArrayList<>();
        if (log) {
            names.add(AlertMessages.LOG_CHANNEL);
        }
        if (webhookUrl != null) {
            names.add("webhook");
        }
        if (slackUrl != null) {
            names.add("slack");
        }
        if (mail.to() != null) {
            names.add(AlertMessages.MAIL_CHANNEL);
        }
        return Collections.unmodifiableList(names);
    }

    /** Returns the address of the webhook, for the header that replaces the address of the route. */
    public String webhookUrl() {
        return webhookUrl;
    }

    /** Returns the address of the incoming webhook of Slack, for the header that replaces the address of the route. */
    public String slackUrl() {
        return slackUrl;
    }

    public String mailTo() {
        return mail.to();
    }

    public String mailFrom() {
        return mail.from();
    }

    /** Makes the authenticator of the mail server, which keeps the password out of the URI of the route. */
    public MailAuthenticator mailAuthenticator() {
        return new MailAuthenticator() {
            @Override
            public PasswordAuthentication getPasswordAuthentication() {
                return new PasswordAuthentication(mail.user(), mail.password());
            }
        };
    }

    /** Whether the receiver has read the message and rejects its content, so that the same message will never be accepted. */
    boolean isRejection(Exception failure) {
        HttpOperationFailedException answer = ObjectHelper.getException(HttpOperationFailedException.class, failure);
        SMTPSendFailedException reply = ObjectHelper.getException(SMTPSendFailedException.class, failure);
        return answer != null && REJECTIONS.contains(answer.getStatusCode())
                || reply != null
                        && END_OF_TEXT.equals(reply.getCommand())
                        && TEXT_REJECTIONS.contains(reply.getReturnCode());
    }

    /** Returns the recipients that got nothing of a mail that others got; empty if nobody got it. */
    List<String> leftOut(Exception failure) {
        SMTPSendFailedException partial = ObjectHelper.getException(SMTPSendFailedException.class, failure);
        return partial == null || partial.getValidSentAddresses() == null || partial.getValidSentAddresses().length == 0
                ? List.of()
                : Stream.of(partial.getInvalidAddresses(), partial.getValidUnsentAddresses())
                        .filter(Objects::nonNull)
                        .flatMap(Arrays::stream)
                        .map(Address::toString)
                        .toList();
    }

    /** Returns why a delivery failed, without any secret. */
    String problem(Exception failure) {
        HttpOperationFailedException answer = ObjectHelper.getException(HttpOperationFailedException.class, failure);
        if (answer != null) {
            return "HTTP " + answer.getStatusCode();
        }
        return hidden(RootCause.of(failure));
    }

    private String hidden(String text) {
        String hidden = text;
        List<String> secrets = Stream.of(webhookUrl, slackUrl)
                .filter(url -> url != null)
                .map(URI::create)
                .flatMap(uri -> Stream.of(uri.toString(), uri.getRawUserInfo(), uri.getRawPath(), uri.getRawQuery()))
                .toList();
        for (String secret : Stream.concat(secrets.stream(), Stream.of(String.valueOf(mail.password())))
                .filter(secret -> secret != null && secret.length() >= MIN_SECRET_LENGTH)
                .sorted(Comparator.comparing(String::length).reversed())
                .toList()) {
            hidden = hidden.replace(secret, HIDDEN);
        }
        return hidden;
    }
}
