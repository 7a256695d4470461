// SPDX-License-Identifier: Apache-2.0
package io.sluice.alert;

import io.sluice.Backoff;
import io.sluice.LogThrottle;
import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands the begins and ends of alerts to the routes that deliver them. They stay in PostgreSQL until their channel has accepted
 * them, so that neither a failed delivery nor a restart loses one. One replica at a time delivers to a channel, under a lease; if
 * it dies after the channel accepted a message and before it could note that, the message is repeated with the same event ids.
 */
public final class AlertMessages {

    private static final Logger LOG = LoggerFactory.getLogger(AlertMessages.class);

    /** The channel that writes to Sluice's log: at once, at any hour. */
    public static final String LOG_CHANNEL = "log";

    static final String MAIL_CHANNEL = "mail";

    private static final int MAX_EVENTS = 100;
    /**
     * Attempts with all events. Receivers reject messages that are too long for them, some above 2,000 characters
     * (https://discord.com/developers/docs/resources/webhook#execute-webhook), so a repeated one becomes shorter.
     */
    private static final int FULL_ATTEMPTS = 3;

    /** Longer than the timeouts of a channel's connection and answer together. */
    private static final Duration LEASE = Duration.ofMinutes(1);
    /** The same for a mail, whose dialogue has more than ten answers; each may take as long as the timeout. */
    private static final Duration MAIL_LEASE = Duration.ofMinutes(5);

    private static final String ENTER =
            """
            insert into sluice.alert_channel (installation, channel) select ?, unnest(?::text[]) on conflict do nothing""";

    /** A time far ahead is one of a clock that was set back since. */
    private static final String TAKE =
            """
            update sluice.alert_channel c set due = clock_timestamp() + ? * interval '1 millisecond', epoch = epoch + 1
            where installation = ? and channel = ?
              and (due <= clock_timestamp() or due > clock_timestamp() + interval '1 hour')
              and exists (select from sluice.alert_notification n join sluice.alert a on a.number = n.alert
                          where n.channel = c.channel and a.installation = c.installation
                            and n.created_at <= clock_timestamp() - ? * interval '1 millisecond'
                            and (not ? or a.severity = 'critical'))
            returning epoch, attempts""";

    /** Selects events by time; the end of an alert never comes before its begin, even if the clock was set back between them. */
    private static final String EVENTS =
            """
            select n.event, a.* from sluice.alert_notification n join sluice.alert a on a.number = n.alert
            where n.channel = ? and a.installation = ? and (not ? or a.severity = 'critical')
            order by max(n.created_at) over (partition by n.alert order by n.event), n.alert, n.event limit ?""";

    private static final String DELETE =
            """
            delete from sluice.alert_notification
            where channel = ? and (alert, event) in (select * from unnest(?::bigint[], ?::text[]))""";

    private static final String ACCEPTED =
            """
            update sluice.alert_channel set due = clock_timestamp(), attempts = 0
            where installation = ? and channel = ? and epoch = ?""";

    private static final String FAILED =
            """
            update sluice.alert_channel set attempts = attempts + 1,
                due = clock_timestamp() + ? * interval '1 millisecond'
            where installation = ? and channel = ? and epoch = ?""";

    private final Database database;
    private final String installation;
    private final AlertChannels alertChannels;
    private final List<String> channels;
    private final Duration groupInterval;
    private final QuietHours quietHours;
    private final Backoff backoff;
    private final InstantSource clock;
    private final LogThrottle throttle = new LogThrottle();
    private boolean entered;

    /**
     * @param alertChannels channels; those that are on get the messages
     * @param groupInterval time for which a message waits for others
     * @param backoff       delays after failed deliveries
     */
    public AlertMessages(
            Database database,
            String installation,
            AlertChannels alertChannels,
            Duration groupInterval,
            QuietHours quietHours,
            Backoff backoff,
            InstantSource clock) {
        this.database = database;
        this.installation = installation;
        this.alertChannels = alertChannels;
        this.channels = alertChannels.names();
        this.groupInterval = groupInterval;
        this.quietHours = quietHours;
        this.backoff = backoff;
        this.clock = clock;
    }

    /** Takes the messages that are due, at most one per channel; this process holds their leases. */
    public List<AlertMessage> due() throws SQLException {
        if (!entered) {
            database.transaction(connection ->
                    Database.update(connection, ENTER, installation, Database.texts(connection, channels)));
            entered = true;
        }
        List<AlertMessage> due = new ArrayList<>();
        for (String channel : channels) {
            boolean atOnce = channel.equals(LOG_CHANNEL);
            boolean quiet = !atOnce && quietHours.contains(clock.instant());
            long wait = atOnce ? 0 : groupInterval.toMillis();
            due.addAll(database.transaction(connection -> take(connection, channel, quiet, wait)));
        }
        return due;
    }

    private List<AlertMessage> take(Connection connection, String channel, boolean quiet, long wait)
            throws SQLException {
        List<AlertMessage> taken = new ArrayList<>();
        for (int[] lease : Database.query(
                connection,
                TAKE,
                row -> new int[] {row.getInt("epoch"), row.getInt("attempts")},
                (channel.equals(MAIL_CHANNEL) ? MAIL_LEASE : LEASE).toMillis(),
                installation,
                channel,
                wait,
                quiet)) {
            List<AlertEvent> events = Database.query(
                    connection,
                    EVENTS,
                    row -> event(
                            row.getString("event"),
                            row.getLong("number"),
                            AlertStore.alert(row).shown()),
                    channel,
                    installation,
                    quiet,
                    MAX_EVENTS);
            taken.add(new AlertMessage(
                    channel, installation, lease[0], lease[1], events.subList(0, size(events.size(), lease[1]))));
        }
        return taken;
    }

    /** Returns the number of events that go together: half as many after each further failure, and one at least. */
    private static int size(int events, int attempts) {
        int halvings = Math.max(0, attempts - FULL_ATTEMPTS + 1);
        return halvings >= Integer.SIZE ? Math.min(1, events) : Math.min(events, Math.max(1, events >> halvings));
    }

    /** Makes an event; a begin shows no end, even where that has come meanwhile. */
    private static AlertEvent event(String event, long number, Alert alert) {
        return new AlertEvent(event, number, event.equals(AlertEvent.END) ? alert : alert.ended(null));
    }

    /** Records that a channel has accepted a message, or that it will never be delivered. */
    public void accepted(AlertMessage alertMessage) throws SQLException {
        database.transaction(connection -> {
            Database.update(
                    connection,
                    DELETE,
                    alertMessage.channel(),
                    Database.texts(connection, alertMessage.events(), event -> Long.toString(event.number())),
                    Database.texts(connection, alertMessage.events(), AlertEvent::event));
            return Database.update(connection, ACCEPTED, installation, alertMessage.channel(), alertMessage.epoch());
        });
    }

    /**
     * Records that a channel has not accepted a message, which is delivered again later. A receiver that rejects the content of a
     * single event again and again would keep all later ones back, so that one is left out. A mail that some of its recipients got
     * is not repeated, because those would get it again.
     *
     * @param failure reason of the failure
     */
    public void failed(AlertMessage alertMessage, Exception failure) throws SQLException {
        List<String> leftOut = alertChannels.leftOut(failure);
        if (!leftOut.isEmpty()) {
            throttle.warn(
                    LOG,
                    "recipients",
                    "alerts: the mail server accepts no mail for {}, the other recipients got it; correct"
                            + " sluice.alerts.mail.to",
                    Wording.and(leftOut));
            accepted(alertMessage);
            return;
        }
        if (alertMessage.events().size() == 1
                && alertMessage.attempts() >= FULL_ATTEMPTS
                && alertChannels.isRejection(failure)) {
            LOG.warn(
                    "alerts: {} rejects the {} of {} ({}); it is left out there, see /api/alerts",
                    alertMessage.channel(),
                    alertMessage.events().get(0).event(),
                    alertMessage.events().get(0).alert().id(),
                    alertChannels.problem(failure));
            accepted(alertMessage);
            return;
        }
        Duration delay = Backoff.jitter(backoff.after(alertMessage.attempts() + 1), 3, Math::random);
        Instant next = clock.instant().plus(delay).truncatedTo(ChronoUnit.SECONDS);
        throttle.warn(
                LOG,
                alertMessage.channel(),
                "alerts: {} begins and ends were not delivered by {}: {}; next attempt at {}",
                alertMessage.events().size(),
                alertMessage.channel(),
                alertChannels.problem(failure),
                next);
        database.update(FAILED, delay.toMillis(), installation, alertMessage.channel(), alertMessage.epoch());
    }
}
