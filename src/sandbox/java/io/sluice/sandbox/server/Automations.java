// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Rules;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import io.vertx.core.Vertx;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Runs the automations of a CRM's customer. {@code /sandbox/automations/{account}} takes one or a list of them, in place
 * of those that were there before:
 *
 * <pre>{@code
 * {"object":"contacts", "when":"updated", "set":{"tier":"gold", "notes":"run {run} for {lastname}"}, "delayMs":200}
 * {"object":"Contact", "refuse":{"field":"Title", "equals":"Spam"}, "message":"No spam"}
 * {"object":"Contact", "duplicates":["Email"], "action":"alert"}
 * {"object":"Lead", "assign":"005XX0000000003YAA", "if":{"field":"Country", "equals":"DE"}}
 * {"object":"Contact", "triggerMs":5}
 * }</pre>
 *
 * <p>The first is a {@link Flow}: it sets its fields {@code delayMs} milliseconds after each write that changed a value.
 * With {@code "within":true} it sets them before the write is answered and visible, under the write's stamp, as a
 * record-triggered flow of Salesforce does. Writes of a flow start no flow. The second is a validation rule. The others
 * are rules that Salesforce alone has: a duplicate rule, an assignment rule and a slow trigger. Automations are kept in
 * memory alone.
 */
public final class Automations implements AccountControl {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Vertx vertx;
    private final SandboxClock clock;
    private final Map<String, CrmUser> users;
    private final Map<Account, List<Flow>> flows = new ConcurrentHashMap<>();
    /** Rules as they were sent, to be shown. */
    private final Map<Account, List<JsonNode>> rules = new ConcurrentHashMap<>();
    /** Flows within a write that wait until the commit is visible; used under the store's lock. */
    private final Map<Account, List<Runnable>> pending = new ConcurrentHashMap<>();

    /** @param users the writers of each CRM, by its name */
    public Automations(Vertx vertx, SandboxClock clock, Map<String, CrmUser> users) {
        this.vertx = vertx;
        this.clock = clock;
        this.users = users;
    }

    @Override
    public JsonNode answer(Account account, String method, JsonNode body) {
        switch (method) {
            case "PUT" -> {
                List<JsonNode> sent = new ArrayList<>();
                (body.isArray() ? body : JSON.createArrayNode().add(body)).forEach(sent::add);
                replace(account, sent);
            }
            case "DELETE" -> replace(account, List.of());
            default -> {}
        }
        ObjectNode all = JSON.createObjectNode();
        ArrayNode shown = all.putArray("automations");
        flows.getOrDefault(account, List.of()).forEach(flow -> shown.add(flow.describe()));
        rules.getOrDefault(account, List.of()).forEach(shown::add);
        return all;
    }

    private void replace(Account account, List<JsonNode> sent) {
        List<Flow> sentFlows = new ArrayList<>();
        List<JsonNode> sentRules = new ArrayList<>();
        Map<Table, List<JsonNode>> byTable = new LinkedHashMap<>();
        for (JsonNode automation : sent) {
            Table table = table(account, automation);
            if (RuleReader.isRule(automation)) {
                sentRules.add(automation);
                byTable.computeIfAbsent(table, t -> new ArrayList<>()).add(automation);
            } else {
                sentFlows.add(Flow.of(table, automation));
            }
        }
        if (!"salesforce".equals(account.crm()) && sentRules.stream().anyMatch(RuleReader::isSalesforces)) {
            throw new IllegalArgumentException(
                    "An account of HubSpot has validation rules (\"refuse\") alone; the other rules are Salesforce's.");
        }
        Map<Table, Rules> read = new LinkedHashMap<>();
        byTable.forEach((table, automations) -> read.put(table, RuleReader.read(account.store(), table, automations)));
        account.store().tables().forEach(table -> table.rules(read.getOrDefault(table, Rules.NONE)));
        rules.put(account, sentRules);
        if (flows.put(account, sentFlows) == null) {
            account.onCommit(commit -> committed(account, commit));
            account.store().afterCommit(commit -> visible(account));
        }
    }

    private static Table table(Account account, JsonNode automation) {
        String name = automation.path("object").asText();
        return account.store()
                .table(name)
                .orElseThrow(() -> new IllegalArgumentException(
                        "An automation names its \"object\"; there is no object '" + name + "'."));
    }

    /** Starts the flows of a commit; called under the store's lock, before its rows are visible. */
    private void committed(Account account, Store.Commit commit) {
        if (Store.Signature.AUTOMATION.by().equals(commit.by().by())) {
            return;
        }
        for (Flow flow : flows.get(account)) {
            for (Row row : commit.rows().getOrDefault(flow.table(), List.of())) {
                if (flow.startsOn(flow.table().row(row.number()), row)) {
                    start(account, flow, row.id());
                }
            }
        }
    }

    private void start(Account account, Flow flow, String id) {
        if (flow.isWithin()) {
            pending.computeIfAbsent(account, a -> new ArrayList<>()).add(() -> set(account, flow, id));
            return;
        }
        vertx.setTimer(
                Math.max(1, flow.delayMs()),
                timer -> vertx.executeBlocking(
                        () -> {
                            run(account, flow, id);
                            return null;
                        },
                        false));
    }

    /** Runs the flows within a write; called under the store's lock. */
    private void visible(Account account) {
        List<Runnable> due = pending.remove(account);
        if (due != null) {
            due.forEach(Runnable::run);
        }
    }

    /** Runs a flow under the store's lock, because the write that started it may not be visible yet. */
    private void run(Account account, Flow flow, String id) {
        account.store().atOneMoment(() -> {
            set(account, flow, id);
            return null;
        });
    }

    private void set(Account account, Flow flow, String id) {
        CrmUser user = users.get(account.crm());
        Request.Attempt attempt = new Request.Attempt(account.faults().noRows(), false, Store.Signature.AUTOMATION);
        try {
            Row row = flow.table().row(id);
            if (row != null && !row.isDeleted()) {
                ObjectNode values = flow.run(
                        Instant.ofEpochMilli(clock.millis()).toString(), user.show(account, flow.table(), row));
                user.automate(account, flow.table(), id, values, attempt);
            }
        } catch (IllegalArgumentException rejected) {
            flow.failed(rejected.getMessage());
        }
    }
}
