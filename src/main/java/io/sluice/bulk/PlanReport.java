// SPDX-License-Identifier: Apache-2.0
package io.sluice.bulk;

import io.sluice.Operation;
import io.sluice.Priority;
import io.sluice.RootCause;
import io.sluice.Suggestion;
import io.sluice.Sync;
import io.sluice.outbox.Outbox;
import io.sluice.plan.Plan;
import io.sluice.plan.PlanInput;
import io.sluice.plan.PlanOption;
import io.sluice.store.Database;
import io.sluice.store.Json;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.Message;

/** Reports how a sync's waiting work would be sent now, what each way costs, and why this one is chosen. */
public final class PlanReport {

    private static final String WAITING =
            """
            select operation, urgent, count(*) as records, min(own) as own, min(priority) as priority,
                   (extract(epoch from clock_timestamp() - min(since)) * 1000)::bigint as age
            from (select *, case when priority = 0 then 0 else least(priority + aged, 3) end as own,
                         priority = 0 or priority + aged < 2 as urgent
                  from sluice.outbox where account = ? and sync = ? and operation is not null and lease is null) as waiting
            group by operation, urgent order by urgent desc, operation desc""";

    private final Database database;
    private final BulkPlans plans;
    private final Map<String, Sync> syncs = new LinkedHashMap<>();

    public PlanReport(Database database, BulkPlans plans, List<Sync> syncs) {
        this.database = database;
        this.plans = plans;
        syncs.forEach(sync -> this.syncs.put(sync.getName(), sync));
    }

    /** Answers with JSON for the sync named by the query parameter {@code sync}, or with 404 where there is none. */
    public void answer(Exchange exchange) {
        Message message = exchange.getMessage();
        String name = message.getHeader("sync", String.class);
        int status = 200;
        Map<String, Object> answer;
        try {
            if (syncs.containsKey(name)) {
                answer = report(syncs.get(name));
            } else {
                status = 404;
                answer = Map.of(
                        "error",
                        (name == null ? "Name a sync: /api/plan?sync=NAME" : "There is no sync '" + name + "'")
                                + Suggestion.hint(String.valueOf(name), syncs.keySet()));
            }
        } catch (SQLException unreachable) {
            status = 503;
            answer = Map.of("error", "The database does not answer: " + RootCause.of(unreachable));
        }
        message.removeHeaders("*");
        message.setHeader(Exchange.HTTP_RESPONSE_CODE, status);
        message.setBody(Json.text(answer));
    }

    /** @param urgent whether the group has the critical and high priorities */
    private record Waiting(Outbox.Head head, boolean urgent, long records) {

        static Waiting of(String sync, ResultSet row) throws SQLException {
            return new Waiting(
                    new Outbox.Head(
                            sync,
                            Operation.of(row.getString("operation")),
                            Priority.ofRank(row.getInt("priority")),
                            Priority.ofRank(row.getInt("own")),
                            null,
                            Duration.ofMillis(row.getLong("age"))),
                    row.getBoolean("urgent"),
                    row.getLong("records"));
        }
    }

    private Map<String, Object> report(Sync sync) throws SQLException {
        List<Map<String, Object>> groups = new ArrayList<>();
        for (Waiting waiting :
                database.query(WAITING, row -> Waiting.of(sync.getName(), row), sync.getAccount(), sync.getName())) {
            PlanInput planInput = plans.input(sync.getAccount(), waiting.head(), waiting.records());
            groups.add(group(planInput, plans.plan(sync.getAccount(), planInput)));
        }
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("sync", sync.getName());
        report.put("waiting", groups);
        return report;
    }

    private static Map<String, Object> group(PlanInput planInput, Plan plan) {
        Map<String, Object> group = new LinkedHashMap<>();
        group.put("operation", planInput.operation().toString());
        group.put("urgency", planInput.urgency().toString());
        group.put("records", planInput.waiting());
        group.put("oldestMs", planInput.age().toMillis());
        group.put("callsLeft", planInput.callsLeft() == Long.MAX_VALUE ? null : planInput.callsLeft());
        group.put("callsAreScarce", planInput.scarce());
        group.put("bulkJobsLeft", planInput.jobsLeft());
        group.put("chosen", plan.method().way().toString());
        group.put("recordsAtOnce", plan.method().maxRecords());
        group.put("why", plan.why());
        group.put("options", plan.options().stream().map(PlanReport::option).toList());
        return group;
    }

    private static Map<String, Object> option(PlanOption planOption) {
        Map<String, Object> described = new LinkedHashMap<>();
        described.put("way", planOption.way().toString());
        described.put("calls", planOption.calls());
        described.put("seconds", planOption.duration().toSeconds());
        described.put("against", planOption.obstacle());
        return described;
    }
}
