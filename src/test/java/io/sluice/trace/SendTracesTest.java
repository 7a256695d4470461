// SPDX-License-Identifier: Apache-2.0
package io.sluice.trace;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.RecordChange;
import io.sluice.crm.CrmCall;
import io.sluice.outbox.Claim;
import io.sluice.outbox.SettledRecord;
import io.sluice.outbox.TracedChange;
import io.sluice.quota.Permit;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class SendTracesTest {

    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    /** Made one second after the start. */
    private static final UUID TRACE =
            new UUID((START.plusSeconds(1).toEpochMilli() << 16) | 0x7abc, 0x8123_4567_89ab_cdefL);

    private static final Permit PERMIT = new Permit(1, "crm", "crm", "write", Priority.NORMAL, null);
    private static final CrmCall.Write WRITE =
            new CrmCall.Write("crm", "crm", "upsert", "contacts", "no", null, "", null, Map.of());

    private final InMemorySpanExporter exporter = InMemorySpanExporter.create();
    private final GivenIds ids = new GivenIds();
    private Instant now = START.plusSeconds(2);
    private final SendTraces traces = new SendTraces(
            SdkTracerProvider.builder()
                    .setIdGenerator(ids)
                    .addSpanProcessor(SimpleSpanProcessor.create(exporter))
                    .build()
                    .get("test"),
            ids,
            () -> now);

    private static Claim claim(List<RecordChange> changes) {
        return new Claim(UUID.randomUUID(), "crm", "contacts", "customers", Operation.UPSERT, false, changes, TRACE);
    }

    private static Claim claim() {
        return claim(
                List.of(new RecordChange("key-canary", Operation.UPSERT, "id-canary", Map.of("a", "value-canary"))));
    }

    private static SettledRecord settled(Outcome.Status status, int attempts) {
        return new SettledRecord(
                status,
                Priority.NORMAL,
                Duration.ofSeconds(5),
                new TracedChange(TRACE, attempts, START, START.plusSeconds(attempts * 10L)));
    }

    /** Makes a call of four steps, each of one second. */
    private void call(int httpStatus, SettledRecord record) {
        Claim claim = claim();
        Instant from = traces.now();
        now = now.plusSeconds(1);
        traces.permitted(PERMIT, from);
        Instant claiming = traces.now();
        now = now.plusSeconds(1);
        traces.claimed(PERMIT, claiming, WRITE, List.of(claim));
        now = now.plusSeconds(1);
        traces.answered(List.of(claim), httpStatus);
        now = now.plusSeconds(1);
        traces.settled(claim, List.of(record));
        traces.ended(List.of(claim));
    }

    private List<String> spans() {
        return exporter.getFinishedSpanItems().stream()
                .map(span -> span.getName() + " " + second(span.getStartEpochNanos()) + "-"
                        + second(span.getEndEpochNanos()))
                .toList();
    }

    private static long second(long nanos) {
        return nanos / 1_000_000_000 - START.getEpochSecond();
    }

    @Test
    void eachStepIsASpanBelowTheChange() {
        call(200, settled(Outcome.Status.DONE, 0));
        assertThat(spans())
                .containsExactlyInAnyOrder(
                        "change 0-6", "capture 0-1", "outbox 1-4", "permit 2-3", "claim 3-4", "call 4-5", "settle 5-6");
        assertThat(exporter.getFinishedSpanItems()).allSatisfy(span -> {
            assertThat(span.getTraceId()).isEqualTo(TraceIds.traceId(TRACE));
            assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
            if (!span.getName().equals("change")) {
                assertThat(span.getParentSpanId()).isEqualTo(TraceIds.rootSpanId(TRACE));
            } else {
                assertThat(span.getSpanId()).isEqualTo(TraceIds.rootSpanId(TRACE));
                assertThat(span.getParentSpanContext().isValid()).isFalse();
            }
        });
        assertThat(exporter.getFinishedSpanItems().toString()).doesNotContain("canary");
    }

    @Test
    void aChangeThatIsSentAgainHasOneRootWithTheSpansOfBothAttempts() {
        call(503, settled(Outcome.Status.RETRY, 0));
        assertThat(spans())
                .containsExactlyInAnyOrder("outbox 1-4", "permit 2-3", "claim 3-4", "call 4-5", "settle 5-6");
        assertThat(call().getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        exporter.reset();
        now = START.plusSeconds(12);
        call(200, settled(Outcome.Status.DONE, 1));
        assertThat(spans())
                .as("waits from its due time at 10 s")
                .containsExactlyInAnyOrder(
                        "change 0-16",
                        "capture 0-1",
                        "outbox 10-14",
                        "permit 12-13",
                        "claim 13-14",
                        "call 14-15",
                        "settle 15-16");
    }

    private SpanData call() {
        return exporter.getFinishedSpanItems().stream()
                .filter(span -> span.getName().equals("call"))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aRejectedChangeEndsWithAnError() {
        call(200, settled(Outcome.Status.REJECTED, 0));
        assertThat(exporter.getFinishedSpanItems())
                .filteredOn(span -> span.getName().equals("change"))
                .singleElement()
                .satisfies(span -> assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR));
    }

    @Test
    void aChangeOfABulkJobHasASpanForTheJob() {
        now = START.plusSeconds(9);
        traces.settled(claim(List.of()), List.of(settled(Outcome.Status.DONE, 0)));
        assertThat(spans()).containsExactlyInAnyOrder("change 0-9", "capture 0-1", "bulk 1-9");
    }

    @Test
    void aCallWhoseRecordsWereReleasedLeavesNoSpan() {
        Claim claim = claim();
        traces.claimed(PERMIT, now, WRITE, List.of(claim));
        traces.answered(List.of(claim), 429);
        traces.ended(List.of(claim));
        assertThat(spans()).isEmpty();
    }

    @Test
    void withoutTracingNothingIsRemembered() {
        Claim claim = claim();
        SendTraces.OFF.permitted(PERMIT, SendTraces.OFF.now());
        SendTraces.OFF.claimed(PERMIT, null, WRITE, List.of(claim));
        SendTraces.OFF.answered(List.of(claim), 200);
        SendTraces.OFF.settled(claim, List.of(settled(Outcome.Status.DONE, 0)));
        SendTraces.OFF.ended(List.of(claim));
        assertThat(SendTraces.OFF.now()).isNull();
        assertThat(spans()).isEmpty();
    }
}
