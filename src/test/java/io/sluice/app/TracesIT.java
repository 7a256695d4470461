// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Changes of the running product, as a receiver of OpenTelemetry's protocol sees them. */
class TracesIT {

    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String CANARY = "Canary-7261";
    private static final List<String> STEPS =
            List.of("change", "capture", "outbox", "permit", "claim", "call", "settle");

    @Test
    void aChangeIsOneTraceFromItsCommitToItsSettlement(@TempDir Path home) throws Exception {
        try (OtlpReceiver receiver = new OtlpReceiver();
                RunningSluice sluice = new RunningSluice(home)) {
            sluice.with("sluice.tracing.endpoint", receiver.address())
                    .with("sluice.log.format", "json")
                    .with("sluice.poll.max-interval", "2s")
                    .with("sluice.poll.min-interval", "1s")
                    .start()
                    .awaitSettled();
            Instant before = Instant.now();
            sluice.sql("update customer set phone = '" + CANARY + "' where customer_no = 'C-00007'");
            await().atMost(SOON)
                    .until(() -> ofOperation(receiver.spans(), before).size() == STEPS.size());
            Instant after = Instant.now();

            Map<String, Span> spans = ofOperation(receiver.spans(), before).stream()
                    .collect(Collectors.toMap(Span::getName, Function.identity()));
            assertThat(spans.keySet()).containsExactlyInAnyOrderElementsOf(STEPS);
            Span root = spans.get("change");
            assertThat(root.getParentSpanId()).isEqualTo(ByteString.EMPTY);
            assertThat(spans.values()).allSatisfy(span -> {
                assertThat(span.getTraceId()).isEqualTo(root.getTraceId());
                assertThat(span.getStatus().getCode()).isNotEqualTo(Status.StatusCode.STATUS_CODE_ERROR);
                assertThat(span.getEndTimeUnixNano()).isGreaterThanOrEqualTo(span.getStartTimeUnixNano());
                assertThat(span.getStartTimeUnixNano()).isGreaterThanOrEqualTo(root.getStartTimeUnixNano());
                assertThat(span.getEndTimeUnixNano()).isLessThanOrEqualTo(root.getEndTimeUnixNano());
                if (span != root) {
                    assertThat(span.getParentSpanId()).as(span.getName()).isEqualTo(root.getSpanId());
                }
            });
            assertThat(start(root)).isBetween(before, after);
            assertThat(end(root)).isBetween(before, after);
            follow(spans.get("capture"), spans.get("outbox"));
            follow(spans.get("permit"), spans.get("claim"));
            follow(spans.get("claim"), spans.get("call"));
            follow(spans.get("outbox"), spans.get("call"));
            follow(spans.get("call"), spans.get("settle"));
            assertThat(attributes(root))
                    .containsEntry("sluice.sync", "customers-salesforce")
                    .containsEntry("sluice.outcome", "done")
                    .containsEntry("sluice.operation", "upsert");
            assertThat(attributes(spans.get("call")))
                    .containsEntry("sluice.account", "salesforce")
                    .containsEntry("sluice.object", "Contact")
                    .containsEntry("sluice.records", "1")
                    .containsEntry("http.response.status_code", "200");

            String id = HexFormat.of().formatHex(root.getTraceId().toByteArray());
            List<String> lines = traced(sluice.output(), id);
            assertThat(lines).contains("customers-salesforce: 1 record written to Contact.");

            // the received side: an edit in the CRM
            String contact =
                    sluice.record("salesforce", "Contact", "C-00008").path("Id").asText();
            sluice.sandbox("POST", "/sandbox/records/salesforce/Contact/" + contact, "{\"Phone\":\"" + CANARY + "\"}");
            await().atMost(SOON).until(() -> receiver.spans().stream()
                    .anyMatch(span -> span.getName().equals("receive")));

            String bytes = receiver.bytes();
            assertThat(bytes).contains("customers-salesforce").doesNotContain(CANARY, "C-00007", "C-00008", contact);
            assertThat(bytes).doesNotContain("client_secret", "Bearer", "http://");
        }
    }

    @Test
    void aBatchIsLinkedToTheTraceOfEachOfItsChanges(@TempDir Path home) throws Exception {
        try (OtlpReceiver receiver = new OtlpReceiver();
                RunningSluice sluice = new RunningSluice(home)) {
            sluice.with("sluice.tracing.endpoint", receiver.address()).start().awaitSettled();
            sluice.sql(
                    "update customer set tier = 'silver', city = 'Batch' where customer_no between 'C-00010' and 'C-00019'");
            sluice.awaitSettled();
            await().atMost(SOON)
                    .until(() -> receiver.spans().stream()
                                    .filter(span -> span.getName().equals("change"))
                                    .count()
                            == 10);
            List<Span> calls = receiver.spans().stream()
                    .filter(span -> span.getName().equals("call"))
                    .toList();
            assertThat(calls).hasSize(10);
            List<Span> first = receiver.spans().stream()
                    .filter(span -> span.getName().equals("settle"))
                    .toList();
            for (Span settle : first) {
                Span call = calls.stream()
                        .filter(span -> span.getTraceId().equals(settle.getTraceId()))
                        .findFirst()
                        .orElseThrow();
                Set<ByteString> linked =
                        call.getLinksList().stream().map(Span.Link::getTraceId).collect(Collectors.toSet());
                assertThat(linked).hasSize(Integer.parseInt(attributes(call).get("sluice.records")) - 1);
                assertThat(calls.stream()
                                .filter(span -> span.getLinksList().stream()
                                        .anyMatch(link -> link.getSpanId().equals(call.getSpanId())))
                                .map(Span::getTraceId))
                        .containsExactlyInAnyOrderElementsOf(linked);
            }
        }
    }

    @Test
    void aReceiverThatHangsOrIsAwayDelaysNothing(@TempDir Path home) throws Exception {
        int port;
        try (RunningSluice sluice = new RunningSluice(home)) {
            // connections are accepted by the kernel and never answered
            try (ServerSocket hanging = new ServerSocket(0)) {
                port = hanging.getLocalPort();
                sluice.with("sluice.tracing.endpoint", "http://127.0.0.1:" + port)
                        .start()
                        .awaitSettled();
                assertThat(slowestOf(sluice, "hanging")).isLessThan(Duration.ofSeconds(5));
            }
            assertThat(slowestOf(sluice, "away")).isLessThan(Duration.ofSeconds(5));
            sluice.awaitOutput(" spans could not be exported to 127.0.0.1:" + port);
            assertThat(sluice.output().lines().filter(line -> line.contains("could not be exported")))
                    .hasSize(1);
        }
    }

    /** Commits changes one after the other. @return the longest time until one was in the CRM */
    private static Duration slowestOf(RunningSluice sluice, String value) throws Exception {
        List<Duration> durations = new ArrayList<>();
        for (int change = 0; change < 5; change++) {
            String phone = value + change;
            String number = "C-0002" + change;
            long from = System.nanoTime();
            sluice.sql("update customer set phone = '" + phone + "' where customer_no = '" + number + "'");
            await().atMost(SOON).pollInterval(Duration.ofMillis(20)).until(() -> sluice.record(
                            "salesforce", "Contact", number)
                    .path("Phone")
                    .asText()
                    .equals(phone));
            durations.add(Duration.ofNanos(System.nanoTime() - from));
        }
        return durations.stream().max(Comparator.naturalOrder()).orElseThrow();
    }

    /** Returns the spans of the traces that began after a time. */
    private static List<Span> ofOperation(List<Span> spans, Instant after) {
        Set<ByteString> traces = spans.stream()
                .filter(span -> span.getName().equals("change") && start(span).isAfter(after))
                .map(Span::getTraceId)
                .collect(Collectors.toSet());
        return spans.stream().filter(span -> traces.contains(span.getTraceId())).toList();
    }

    /** Returns the messages of the log's lines that name the trace. */
    private static List<String> traced(String log, String trace) throws IOException {
        List<String> messages = new ArrayList<>();
        for (String line : log.lines().toList()) {
            JsonNode entry = new ObjectMapper().readTree(line);
            if (entry.path("traceId").asText().equals(trace)) {
                messages.add(entry.path("message").asText());
            }
        }
        return messages;
    }

    private static void follow(Span first, Span second) {
        assertThat(second.getStartTimeUnixNano())
                .as("%s after %s", second.getName(), first.getName())
                .isGreaterThanOrEqualTo(
                        first.getName().equals("permit") ? first.getStartTimeUnixNano() : first.getEndTimeUnixNano());
    }

    private static Instant start(Span span) {
        return Instant.EPOCH.plusNanos(span.getStartTimeUnixNano());
    }

    private static Instant end(Span span) {
        return Instant.EPOCH.plusNanos(span.getEndTimeUnixNano());
    }

    private static Map<String, String> attributes(Span span) {
        return span.getAttributesList().stream()
                .collect(Collectors.toMap(
                        attribute -> attribute.getKey(),
                        attribute -> attribute.getValue().hasStringValue()
                                ? attribute.getValue().getStringValue()
                                : Long.toString(attribute.getValue().getIntValue())));
    }
}
