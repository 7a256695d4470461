// SPDX-License-Identifier: Apache-2.0
package io.sluice.alert;

import java.util.Locale;

/** Kinds of alerts. The page about alerts has a table of them, which a test compares with this list. */
public enum AlertKind {
    LIMIT_MARK(
            "info at 70 %, warning at 85 %, critical at 95 and 100 %",
            "that percentage of a limit of an hour or more is used; an alert for each mark"),
    LIMIT_FORECAST("warning", "a limit will be spent within `sluice.alerts.forecast-horizon` at the present pace"),
    ACCOUNT_PAUSED("info", "a person or a setting paused the account"),
    ACCOUNT_THROTTLED("warning", "the CRM has throttled the account for `sluice.alerts.begin-delay`"),
    ACCOUNT_UNAVAILABLE("critical", "the CRM has accepted no call for `sluice.alerts.begin-delay`"),
    LOGIN_REJECTED("critical", "the account, or a login of a pool, can't log in"),
    SYNC_PAUSED("info", "a person or a setting paused the sync"),
    SYNC_STOPPED("critical", "the sync's file has a mistake"),
    SYNC_REJECTED("critical", "the CRM has rejected every call of the sync for `sluice.alerts.begin-delay`"),
    ROWS_MISSING("critical", "more rows of a table disappeared uncaptured than `sluice.capture.max-missing` allows"),
    CAPTURE_PROBLEM("critical", "changes of the sync's table can't be captured or read"),
    CAPTURE_GAP(
            "warning",
            "triggers were lost or disabled, so that changes may have been missed; until an hour after the repair"),
    CAPTURE_STALLED(
            "critical", "captured changes have waited for `sluice.alerts.stalled-after` to be moved to the outbox"),
    DEAD_LETTERS("warning", "the sync has dead letters"),
    INBOUND_REJECTIONS("warning", "the table rejects records of the CRM"),
    EVENTS_REJECTED("warning", "events of the CRM could not be parsed during the last hour"),
    LATENCY(
            "critical for critical and high, else warning",
            "the oldest change of a priority has waited longer than `sluice.latency-target.*` allows"),
    INBOX_STALLED("warning", "events of the CRM have waited for `sluice.alerts.stalled-after` to be processed"),
    POLL_STALLED("warning", "the sync was not polled for 30 minutes"),
    JOURNAL_STALLED("warning", "the account's journal or stream of events can't be read, or is not read"),
    SNAPSHOT_STALLED("warning", "a snapshot has made no progress for an hour"),
    BULK_JOB_STALLED("warning", "a bulk job has made five calls in a row without progress"),
    UPDATE_LOOP("warning", "an automation of the CRM and the application change the same records again and again"),
    ALERTS_UNDELIVERED("warning", "a channel of alerts has not accepted its messages three times in a row");

    private final String severity;
    private final String begins;

    AlertKind(String severity, String begins) {
        this.severity = severity;
        this.begins = begins;
    }

    /** Returns the severity as the page about alerts describes it. */
    public String severity() {
        return severity;
    }

    /** Returns the condition under which an alert of this kind is active. */
    public String begins() {
        return begins;
    }

    /** Returns the name in the API and the table: {@code limit-mark}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static AlertKind of(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT).replace('-', '_'));
    }
}
