// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import io.sluice.Sync;
import io.sluice.bulk.BulkJob;
import io.sluice.crm.CrmCall;
import io.sluice.outbox.Claim;
import io.sluice.receive.DeltaPoll;
import io.sluice.receive.JournalPoll;
import io.sluice.receive.ReadBackBatch;
import io.sluice.send.OutboundBatch;
import io.sluice.snapshot.SnapshotRun;
import io.sluice.trace.TraceIds;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.apache.camel.AsyncCallback;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.NamedNode;
import org.apache.camel.Processor;
import org.apache.camel.spi.InterceptStrategy;
import org.apache.camel.support.processor.DelegateAsyncProcessor;
import org.slf4j.MDC;

/**
 * Puts the account, the sync and the key of the work in progress into the context of the log, during each step of a route:
 * of a batch to write, a bulk job, a poll, a snapshot, records to read back. A batch of several syncs has no sync, one of several
 * records no key. Of a batch with traced changes, the trace of the most urgent one is in the context too.
 */
final class LogContext implements InterceptStrategy {

    private static final String ACCOUNT = "account";
    private static final String SYNC = "sync";
    private static final String KEY = "key";
    private static final String TRACE = "trace_id";
    private static final String SPAN = "span_id";

    @Override
    public Processor wrapProcessorInInterceptors(
            CamelContext context, NamedNode definition, Processor target, Processor nextTarget) {
        return new DelegateAsyncProcessor(target) {
            @Override
            public boolean process(Exchange exchange, AsyncCallback callback) {
                Map<String, String> own = of(exchange);
                if (own.isEmpty()) {
                    return super.process(exchange, callback);
                }
                Map<String, String> before = new HashMap<>();
                own.forEach((name, value) -> {
                    before.put(name, MDC.get(name));
                    MDC.put(name, value);
                });
                try {
                    return super.process(exchange, callback);
                } finally {
                    before.forEach(LogContext::restore);
                }
            }
        };
    }

    private static void restore(String name, String value) {
        if (value == null) {
            MDC.remove(name);
        } else {
            MDC.put(name, value);
        }
    }

    /** Returns what is known of the work of an exchange. */
    static Map<String, String> of(Exchange exchange) {
        Map<String, String> known = new HashMap<>();
        if (exchange.getVariable(ACCOUNT) instanceof String account) {
            known.put(ACCOUNT, account);
        }
        if (exchange.getVariable("call") instanceof CrmCall call && call.account() != null) {
            known.put(ACCOUNT, call.account());
        }
        if (exchange.getVariable("job") instanceof BulkJob job) {
            known.put(ACCOUNT, job.account());
            known.put(SYNC, job.sync());
        }
        if (exchange.getVariable("poll") instanceof DeltaPoll poll) {
            put(known, poll.sync());
        }
        if (exchange.getVariable("poll") instanceof JournalPoll poll) {
            known.put(ACCOUNT, poll.getAccount());
        }
        if (exchange.getVariable("run") instanceof SnapshotRun run) {
            put(known, run.sync());
        }
        if (exchange.getVariable("batch") instanceof ReadBackBatch batch) {
            known.put(ACCOUNT, batch.account());
            if (batch.syncs().size() == 1) {
                known.put(SYNC, batch.syncs().get(0).getName());
            }
        }
        if (exchange.getVariable("batch") instanceof OutboundBatch batch) {
            known.put(ACCOUNT, batch.call().account());
            batch.claims().stream()
                    .map(Claim::trace)
                    .filter(Objects::nonNull)
                    .findFirst()
                    .ifPresent(trace -> {
                        known.put(TRACE, TraceIds.traceId(trace));
                        known.put(SPAN, TraceIds.rootSpanId(trace));
                    });
            if (batch.claims().size() == 1) {
                Claim claim = batch.claims().get(0);
                known.put(SYNC, claim.sync());
                if (claim.changes().size() == 1) {
                    known.put(KEY, claim.changes().get(0).key());
                }
            }
        }
        return known;
    }

    private static void put(Map<String, String> known, Sync sync) {
        known.put(ACCOUNT, sync.getAccount());
        known.put(SYNC, sync.getName());
    }
}
