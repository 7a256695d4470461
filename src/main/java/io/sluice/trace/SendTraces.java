// SPDX-License-Identifier: Apache-2.0
package io.sluice.trace;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.sluice.Outcome;
import io.sluice.crm.CrmCall;
import io.sluice.outbox.Claim;
import io.sluice.outbox.SettledRecord;
import io.sluice.outbox.SettlementRecorder;
import io.sluice.outbox.TracedChange;
import io.sluice.quota.Permit;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Builds the traces of changes that are sent, each after its call was settled: then all times are known, and no span waits in
 * memory for an end that another process may see. The trace of a change has the spans
 *
 * <ul>
 *   <li>{@code change}, the root: from the statement that changed the row to the end of the change, whatever the attempts;
 *   <li>{@code capture}: until the change entered the outbox;
 *   <li>and for each attempt {@code outbox}, the wait until the claim; {@code permit}, {@code claim}, {@code call} and {@code
 *       settle}.
 * </ul>
 *
 * <p>Of a call with several traced changes, only the first has spans for permit, claim and settlement. Its {@code call} has a
 * link to the trace of each other change, and their {@code call} has a link to it. A change that went by a bulk job has a span
 * {@code bulk} in place of an attempt's spans.
 */
public final class SendTraces implements SettlementRecorder {

    /** Traces nothing. */
    public static final SendTraces OFF = new SendTraces(null, null, InstantSource.system());

    /** The maximum number of calls in progress that are remembered; those of permits that were given back are forgotten. */
    private static final int MAX_IN_PROGRESS = 1_000;

    private final Tracer tracer;
    private final GivenIds ids;
    private final InstantSource clock;
    /** By permit. */
    private final Map<Long, Period> permits = limited();
    /** By lease of each of its claims. */
    private final Map<UUID, Call> calls = limited();

    private record Period(Instant from, Instant to) {}

    private record Settled(Claim claim, SettledRecord record) {

        TracedChange change() {
            return record.traced();
        }

        boolean isFinal() {
            return record.status() == Outcome.Status.DONE || record.status() == Outcome.Status.REJECTED;
        }
    }

    /** A call in progress, which one thread at a time works on. */
    private static final class Call {
        final CrmCall.Write write;
        final int records;
        final Period permit;
        final Period claim;
        final List<Settled> traced = new ArrayList<>();
        Instant answered;
        int status;

        Call(CrmCall.Write write, int records, Period permit, Period claim) {
            this.write = write;
            this.records = records;
            this.permit = permit;
            this.claim = claim;
        }
    }

    public SendTraces(TraceExport export, InstantSource clock) {
        this(export.tracer(), export.ids(), clock);
    }

    SendTraces(Tracer tracer, GivenIds ids, InstantSource clock) {
        this.tracer = tracer;
        this.ids = ids;
        this.clock = clock;
    }

    private static <K, V> Map<K, V> limited() {
        return new LinkedHashMap<>() {
            @Override
            protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
                return size() > MAX_IN_PROGRESS;
            }
        };
    }

    /** Returns the time, for the beginning of what is traced later; null if nothing is traced. */
    public Instant now() {
        return tracer == null ? null : clock.instant();
    }

    /** @param from time at which the permit was requested */
    public void permitted(Permit permit, Instant from) {
        if (tracer != null) {
            synchronized (this) {
                permits.put(permit.id(), new Period(from, clock.instant()));
            }
        }
    }

    /**
     * Begins a call.
     *
     * @param from time at which the claim began
     */
    public void claimed(Permit permit, Instant from, CrmCall.Write write, List<Claim> claims) {
        if (tracer == null || claims.stream().allMatch(claim -> claim.trace() == null)) {
            return;
        }
        synchronized (this) {
            Period claimed = new Period(from, clock.instant());
            Period waited = permits.remove(permit.id());
            Call call = new Call(
                    write,
                    claims.stream().mapToInt(Claim::size).sum(),
                    waited == null ? new Period(from, from) : waited,
                    claimed);
            claims.forEach(claim -> calls.put(claim.lease(), call));
        }
    }

    /** @param status HTTP status of the answer; 0 if there was none */
    public void answered(List<Claim> claims, int status) {
        Call call = call(claims.get(0));
        if (call != null) {
            call.answered = clock.instant();
            call.status = status;
        }
    }

    private Call call(Claim claim) {
        if (tracer == null) {
            return null;
        }
        synchronized (this) {
            return calls.get(claim.lease());
        }
    }

    @Override
    public void settled(Claim claim, List<SettledRecord> records) {
        if (tracer == null) {
            return;
        }
        List<Settled> traced = records.stream()
                .filter(settled -> settled.traced() != null)
                .map(settled -> new Settled(claim, settled))
                .toList();
        Call call = call(claim);
        if (call != null && call.answered != null) {
            call.traced.addAll(traced);
        } else {
            traced.forEach(this::withoutCall);
        }
    }

    @Override
    public void unanswered(Claim claim, int records) {
        // their spans are built once it is known what became of them
    }

    /** Ends a call, all of whose claims are settled or released, and exports its spans. */
    public void ended(List<Claim> claims) {
        Call call = call(claims.get(0));
        if (call == null) {
            return;
        }
        synchronized (this) {
            claims.forEach(claim -> calls.remove(claim.lease()));
        }
        if (!call.traced.isEmpty() && call.answered != null) {
            build(call, clock.instant());
        }
    }

    private void build(Call call, Instant end) {
        SpanContext first = null;
        for (Settled settled : call.traced) {
            TracedChange change = settled.change();
            Context root = root(settled, end);
            Instant queued = waitsSince(change);
            span("outbox", root, queued, call.claim.to());
            if (first == null) {
                span("permit", root, later(queued, call.permit.from()), call.permit.to());
                span("claim", root, later(queued, call.claim.from()), call.claim.to());
            }
            SpanBuilder builder = tracer.spanBuilder("call")
                    .setParent(root)
                    .setSpanKind(SpanKind.CLIENT)
                    .setStartTimestamp(call.claim.to())
                    .setAttribute("sluice.account", call.write.account())
                    .setAttribute("sluice.object", String.valueOf(call.write.objects()))
                    .setAttribute("sluice.method", call.write.method())
                    .setAttribute("sluice.records", (long) call.records)
                    .setAttribute("http.response.status_code", (long) call.status);
            if (first == null) {
                call.traced.stream()
                        .skip(1)
                        .forEach(other ->
                                builder.addLink(TraceIds.root(other.change().trace())));
            } else {
                builder.addLink(first);
            }
            Span span = builder.startSpan();
            if (call.status < 200 || call.status >= 300) {
                span.setStatus(StatusCode.ERROR);
            }
            span.end(later(call.claim.to(), call.answered));
            if (first == null) {
                first = span.getSpanContext();
                span("settle", root, call.answered, end);
            }
        }
    }

    /** Builds the trace of a change that was settled in a bulk job, or without any call. */
    private void withoutCall(Settled settled) {
        Instant now = clock.instant();
        span(
                settled.claim().changes().isEmpty() ? "bulk" : "outbox",
                root(settled, now),
                waitsSince(settled.change()),
                now);
    }

    private static Instant waitsSince(TracedChange change) {
        return change.attempts() == 0 ? change.queuedAt() : later(change.queuedAt(), change.due());
    }

    /**
     * Builds the root and the capture of a change that has ended.
     *
     * @return the context of its other spans
     */
    private Context root(Settled settled, Instant end) {
        TracedChange change = settled.change();
        Context context = Context.root().with(Span.wrap(TraceIds.root(change.trace())));
        if (settled.isFinal()) {
            Span root = ids.start(
                    tracer.spanBuilder("change")
                            .setStartTimestamp(change.since())
                            .setAttribute("sluice.account", settled.claim().account())
                            .setAttribute("sluice.object", settled.claim().object())
                            .setAttribute("sluice.sync", settled.claim().sync())
                            .setAttribute(
                                    "sluice.operation",
                                    settled.claim().operation().toString())
                            .setAttribute(
                                    "sluice.priority",
                                    settled.record().priority().toString())
                            .setAttribute(
                                    "sluice.outcome", settled.record().status().toString())
                            .setAttribute("sluice.attempts", change.attempts() + 1L),
                    TraceIds.root(change.trace()));
            if (settled.record().status() != Outcome.Status.DONE) {
                root.setStatus(StatusCode.ERROR);
            }
            root.end(later(change.since(), end));
            span("capture", context, change.since(), change.queuedAt());
        }
        return context;
    }

    private void span(String name, Context parent, Instant from, Instant to) {
        tracer.spanBuilder(name)
                .setParent(parent)
                .setStartTimestamp(from)
                .startSpan()
                .end(later(from, to));
    }

    private static Instant later(Instant one, Instant other) {
        return one.isAfter(other) ? one : other;
    }
}
