package io.sluice.snapshot;

import io.sluice.store.Json;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The reading of a sync's object as a whole, at its first start, or of the very many records of it that changed since a
 * moment; as its checkpoint keeps it.
 *
 * @param turn    how often a process took it up: who was overtaken moves nothing
 * @param job     the CRM's id of the job that reads, or null
 * @param member  the login that created the job and so goes on with it; null: any
 * @param next    where the next page begins, in the CRM's words; null: at the beginning
 * @param asked   by the database's clock, before the CRM was asked for what is being read: all that was written before
 *                is in it, of what was written after nobody knows
 * @param jobs    that were created
 * @param trials  calls in a row that brought it no further
 * @param ended   null while it goes on
 * @param problem what the CRM last said against it, or null
 * @param since   the records that changed since then; null: all
 * @param hold    when the earliest of these changed that could not be judged, or null: from there on is to be read once more
 */
public record Snapshot(int turn, SnapshotState step, String job, String member, String next, Instant asked, int jobs, int trials,
        SnapshotProgress tally, Instant began, Instant ended, String problem, Instant since, Instant hold) {

    static Snapshot beginning(SnapshotState step, Instant now) {
        return since(null, step, now);
    }

    static Snapshot since(Instant moment, SnapshotState step, Instant now) {
        return new Snapshot(0, step, null, null, null, now, 0, 0, SnapshotProgress.NOTHING, now, null, null, moment, null);
    }

    /** Whether it is of what changed since a moment. */
    boolean isOfChanges() {
        return since != null;
    }

    /** A record that changed at that moment could not be judged. */
    Snapshot holding(Instant at) {
        return at == null || hold != null && !at.isBefore(hold) ? this : new Snapshot(turn, step, job, member, next, asked, jobs,
                trials, tally, began, ended, problem, since, at);
    }

    /** The call of the step is about to be made. */
    Snapshot asking(Instant now, String login) {
        boolean anew = step == SnapshotState.CREATE || step == SnapshotState.PAGES;
        return new Snapshot(turn, step, job, step == SnapshotState.CREATE ? login : member, next, anew ? now : asked, jobs, trials,
                tally.called(), began, ended, problem, since, hold);
    }

    /** It has come further. */
    Snapshot at(SnapshotState other, String page) {
        return new Snapshot(turn, other, job, member, page, asked, jobs, 0, tally, began, ended, null, since, hold);
    }

    Snapshot created(String id) {
        return new Snapshot(turn, SnapshotState.POLL, id, member, null, asked, jobs + 1, 0, tally.again(), began, ended, null, since, hold);
    }

    /** It has not, and the step comes again. */
    Snapshot failed(String why) {
        return new Snapshot(turn, step, job, member, next, asked, jobs, trials + 1, tally, began, ended,
                why == null ? problem : why, since, hold);
    }

    /** Another way to read, from the beginning. */
    Snapshot instead(SnapshotState other, String why) {
        return new Snapshot(turn, other, null, null, null, asked, jobs, 0, tally.again(), began, ended, why, since, hold);
    }

    Snapshot tally(SnapshotProgress other) {
        return new Snapshot(turn, step, job, member, next, asked, jobs, trials, other, began, ended, problem, since, hold);
    }

    Snapshot ended(Instant now) {
        return new Snapshot(turn, SnapshotState.DONE, job, member, null, asked, jobs, 0, tally, began, now, null, since, hold);
    }

    static Snapshot of(String json) {
        Map<String, Object> parts = Json.fields(json);
        return new Snapshot((int) number(parts, "turn"), SnapshotState.of(text(parts, "step")), text(parts, "job"),
                text(parts, "member"), text(parts, "next"), moment(parts, "asked"), (int) number(parts, "jobs"),
                (int) number(parts, "trials"),
                new SnapshotProgress(number(parts, "total"), number(parts, "read"), number(parts, "made"), number(parts, "changed"),
                        number(parts, "conflicts"), number(parts, "withoutKey"), number(parts, "refused"),
                        (int) number(parts, "calls")),
                moment(parts, "began"), moment(parts, "ended"), text(parts, "problem"), moment(parts, "since"),
                moment(parts, "hold"));
    }

    private static String text(Map<String, Object> parts, String name) {
        return parts.get(name) == null ? null : parts.get(name).toString();
    }

    private static long number(Map<String, Object> parts, String name) {
        return ((Number) parts.get(name)).longValue();
    }

    private static Instant moment(Map<String, Object> parts, String name) {
        return parts.get(name) == null ? null : OffsetDateTime.parse(text(parts, name)).toInstant();
    }

    String json() {
        Map<String, Object> parts = new LinkedHashMap<>();
        parts.put("turn", turn);
        parts.put("step", step.toString());
        parts.put("job", job);
        parts.put("member", member);
        parts.put("next", next);
        parts.put("asked", asked.toString());
        parts.put("jobs", jobs);
        parts.put("trials", trials);
        parts.put("total", tally.total());
        parts.put("read", tally.read());
        parts.put("made", tally.made());
        parts.put("changed", tally.changed());
        parts.put("conflicts", tally.conflicts());
        parts.put("withoutKey", tally.withoutKey());
        parts.put("refused", tally.refused());
        parts.put("calls", tally.calls());
        parts.put("began", began.toString());
        parts.put("ended", ended == null ? null : ended.toString());
        parts.put("problem", problem);
        parts.put("since", since == null ? null : since.toString());
        parts.put("hold", hold == null ? null : hold.toString());
        return Json.text(parts);
    }

    /** As people are shown it; -1 where a number is not known. */
    public Map<String, Object> told() {
        Map<String, Object> told = new LinkedHashMap<>();
        told.put("step", step.toString());
        told.put("records", tally.total());
        told.put("read", tally.read());
        told.put("percent", ended == null ? tally.percent() : 100);
        told.put("calls", tally.calls());
        told.put("job", job);
        told.put("beganAt", began.toString());
        told.put("endedAt", ended == null ? null : ended.toString());
        told.put("problem", problem);
        told.put("since", since == null ? null : since.toString());
        return told;
    }
}
