// SPDX-License-Identifier: Apache-2.0
package io.sluice.alert;

import io.sluice.store.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Begins and ends of alerts that go to a channel together.
 *
 * @param channel      log, webhook, slack or mail
 * @param installation installation that has the alerts
 * @param epoch        fencing token of the delivery
 * @param attempts     failed deliveries before
 */
public record AlertMessage(String channel, String installation, int epoch, int attempts, List<AlertEvent> events) {

    private static final int MAX_SUBJECT = 150;
    /** An at sign that is not inside a mail address, or is before a word that calls everybody. */
    private static final Pattern MENTION = Pattern.compile("(?<![\\w.+-])@|@(?=(?i:channel|here|all|everyone)\\b)");

    public AlertMessage {
        events = List.copyOf(events);
    }

    /** Returns the message for a webhook, as JSON. */
    public String json() {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("installation", installation);
        document.put("events", events);
        return Json.text(document);
    }

    /**
     * Returns the message for Slack and what understands its incoming webhooks, as JSON. The characters that Slack gives a
     * meaning are escaped (https://api.slack.com/reference/surfaces/formatting#escaping), so that no text of a CRM becomes a
     * link or calls a channel. Mattermost and Discord call everybody for a plain {@code @channel}, {@code @here},
     * {@code @all} or {@code @everyone}, so a space without width follows the at sign of a mention. A mail address stays whole.
     */
    public String slack() {
        return Json.text(Map.of(
                "text",
                events.stream()
                        .map(event ->
                                "*" + event.event() + ", " + event.alert().severity() + "* " + escaped(body(event)))
                        .collect(Collectors.joining("\n"))));
    }

    private static String escaped(String text) {
        return MENTION.matcher(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
                .replaceAll("@\u200b");
    }

    private static String body(AlertEvent event) {
        return event.event().equals(AlertEvent.END)
                ? event.alert().what()
                : event.alert().what() + " " + event.alert().action();
    }

    /** Returns the subject of a mail, on one line. */
    public String subject() {
        AlertEvent first = events.get(0);
        String subject = "[" + installation + "] "
                + (events.size() == 1 ? "" : events.size() + " alerts, first: ")
                + first.event() + ", " + first.alert().severity() + ": "
                + first.alert().what();
        String line = subject.replaceAll("\\p{Cntrl}+", " ");
        return line.length() <= MAX_SUBJECT ? line : line.substring(0, MAX_SUBJECT - 3) + "...";
    }

    /** Returns the text of a mail. */
    public String text() {
        return events.stream()
                .map(event -> event.event() + " (" + event.alert().severity() + ") of "
                        + event.alert().id() + ", since "
                        + event.alert().since()
                        + (event.alert().endedAt() == null
                                ? ""
                                : ", ended at " + event.alert().endedAt()) + "\n"
                        + event.alert().what() + "\n"
                        + (event.event().equals(AlertEvent.END)
                                ? ""
                                : event.alert().action() + "\n"))
                .collect(Collectors.joining("\n"));
    }
}
