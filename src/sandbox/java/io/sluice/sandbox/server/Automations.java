package io.sluice.sandbox.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;

import io.vertx.core.Vertx;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a CRM does by itself after a record was written, as a HubSpot workflow or a Salesforce flow does: {@code
 * /sandbox/automations/{account}} takes rules such as
 *
 * <pre>{@code
 * {"object":"contacts", "when":"updated", "set":{"tier":"gold", "notes":"run {run} for {lastname}"}, "delayMs":200}
 * }</pre>
 *
 * one or a list of them, in place of those that there were. A rule sets its fields {@code delayMs} milliseconds after each
 * write that changed a value; in a text {@code {run}} is how often the rule ran, {@code {now}} the moment, and {@code
 * {FIELD}} what the record holds in that field. The writes of a rule start no rule. Rules are kept in memory alone.
 */
public final class Automations implements AccountControl {

    static final String CREATED = "created";
    static final String UPDATED = "updated";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern PLACE = Pattern.compile("\\{(\\w+)}");

    private final Vertx vertx;
    private final SandboxClock clock;
    private final Map<String, CrmUser> users;
    private final Map<Account, List<Rule>> rules = new ConcurrentHashMap<>();

    /** @param users who writes in each CRM, by its name */
    public Automations(Vertx vertx, SandboxClock clock, Map<String, CrmUser> users) {
        this.vertx = vertx;
        this.clock = clock;
        this.users = users;
    }

    /** A rule with what became of it. */
    private static final class Rule {

        private final Table table;
        private final Set<String> when;
        private final ObjectNode set;
        private final long delayMs;
        private final AtomicLong runs = new AtomicLong();
        private final AtomicLong failed = new AtomicLong();
        private volatile String error;

        Rule(Table table, Set<String> when, ObjectNode set, long delayMs) {
            this.table = table;
            this.when = when;
            this.set = set;
            this.delayMs = delayMs;
        }

        ObjectNode describe() {
            ObjectNode described = JSON.createObjectNode().put("object", table.type().name());
            when.forEach(described.putArray("when")::add);
            described.set("set", set);
            described.put("delayMs", delayMs).put("runs", runs.get()).put("failed", failed.get());
            return error == null ? described : described.put("error", error);
        }
    }

    @Override
    public JsonNode answer(Account account, String method, JsonNode body) {
        switch (method) {
            case "PUT" -> {
                List<Rule> wanted = new ArrayList<>();
                if (body.isArray()) {
                    body.forEach(rule -> wanted.add(rule(account, rule)));
                } else {
                    wanted.add(rule(account, body));
                }
                if (rules.put(account, List.copyOf(wanted)) == null) {
                    account.onCommit(commit -> committed(account, commit));
                }
            }
            case "DELETE" -> rules.computeIfPresent(account, (a, old) -> List.of());
            default -> { }
        }
        ObjectNode all = JSON.createObjectNode();
        ArrayNode shown = all.putArray("automations");
        rules.getOrDefault(account, List.of()).forEach(rule -> shown.add(rule.describe()));
        return all;
    }

    private static Rule rule(Account account, JsonNode rule) {
        Table table = account.store().table(rule.path("object").asText()).orElseThrow(() -> new IllegalArgumentException(
                "An automation names its \"object\"; there is no object '" + rule.path("object").asText() + "'."));
        Set<String> when = new LinkedHashSet<>();
        if (rule.path("when").isArray()) {
            rule.path("when").forEach(one -> when.add(one.asText()));
        } else {
            when.add(rule.path("when").asText(UPDATED));
        }
        if (!Set.of(CREATED, UPDATED).containsAll(when)) {
            throw new IllegalArgumentException("An automation runs \"when\" a record was \"created\" or \"updated\".");
        }
        if (!(rule.path("set") instanceof ObjectNode set) || set.isEmpty()) {
            throw new IllegalArgumentException("An automation has fields to \"set\": {\"tier\":\"gold\"}.");
        }
        set.fieldNames().forEachRemaining(name -> table.type().field(name).orElseThrow(() -> new IllegalArgumentException(
                table.type().name() + " has no field '" + name + "' that an automation could set.")));
        return new Rule(table, when, set.deepCopy(), rule.path("delayMs").asLong(0));
    }

    /** Called under the store's lock, before the rows can be seen. */
    private void committed(Account account, Store.Commit commit) {
        if (Store.Signature.AUTOMATION.by().equals(commit.by().by())) {
            return;
        }
        for (Rule rule : rules.get(account)) {
            for (Row row : commit.rows().getOrDefault(rule.table, List.of())) {
                String change = change(rule.table, rule.table.row(row.number()), row);
                if (rule.when.contains(change)) {
                    vertx.setTimer(Math.max(1, rule.delayMs), timer -> vertx.executeBlocking(() -> {
                        run(account, rule, row.id());
                        return null;
                    }, false));
                }
            }
        }
    }

    /** What a write did to a record, or an empty text where it changed no value or took the record away. */
    private static String change(Table table, Row before, Row after) {
        if (after.isDeleted()) {
            return "";
        }
        if (before == null || before.isDeleted()) {
            return CREATED;
        }
        boolean changed = table.type().fields().stream().filter(field -> field.column() >= 0)
                .anyMatch(field -> !Objects.equals(before.value(field.column()), after.value(field.column())));
        return changed ? UPDATED : "";
    }

    private void run(Account account, Rule rule, String id) {
        CrmUser user = users.get(account.crm());
        Request.Attempt attempt = new Request.Attempt(account.faults().noRows(), false, Store.Signature.AUTOMATION);
        try {
            // under the lock, since the write that started it may not be visible yet
            account.store().atOneMoment(() -> {
                Row row = rule.table.row(id);
                if (row != null && !row.isDeleted()) {
                    long run = rule.runs.incrementAndGet();
                    user.automate(account, rule.table, id, values(rule, run, user.show(account, rule.table, row)), attempt);
                }
                return null;
            });
        } catch (IllegalArgumentException refused) {
            rule.failed.incrementAndGet();
            rule.error = refused.getMessage();
        }
    }

    private ObjectNode values(Rule rule, long run, JsonNode shown) {
        JsonNode held = shown.path("properties").isObject() ? shown.path("properties") : shown;
        ObjectNode values = rule.set.deepCopy();
        rule.set.properties().stream().filter(entry -> entry.getValue().isTextual()).forEach(entry ->
                values.put(entry.getKey(), filled(entry.getValue().asText(), name -> switch (name) {
                    case "run" -> String.valueOf(run);
                    case "now" -> Instant.ofEpochMilli(clock.millis()).toString();
                    default -> held.path(name).asText("");
                })));
        return values;
    }

    private static String filled(String text, Function<String, String> values) {
        return PLACE.matcher(text).replaceAll(place -> Matcher.quoteReplacement(values.apply(place.group(1))));
    }
}
