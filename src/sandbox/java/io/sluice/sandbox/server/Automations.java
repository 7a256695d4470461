// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Refusal;
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
import java.util.function.Predicate;
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
 * {FIELD}} what the record holds in that field. The writes of a rule start no rule. With {@code "within":true} it sets them
 * before the write is answered and can be seen, under its stamp, as a record-triggered flow does. Rules are kept in memory
 * alone.
 *
 * <p>For Salesforce there are two other kinds: a validation rule and a slow trigger.
 *
 * <pre>{@code
 * {"object":"Contact", "refuse":{"field":"Title", "equals":"Spam"}, "message":"No spam"}
 * {"object":"Contact", "triggerMs":5}
 * }</pre>
 *
 * A validation rule refuses a record whose field {@code equals} a text, {@code matches} a regular expression, is {@code
 * "empty":true} or false, or is {@code above} or {@code below} a number. A slow trigger takes so long for each record
 * written; meanwhile the rows are locked and not to be seen, stamped as they are.
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
    /** Rules of other kinds as they were given, to be shown. */
    private final Map<Account, List<JsonNode>> others = new ConcurrentHashMap<>();
    /** What is to be done when a commit can be seen, gathered and run under the store's lock. */
    private final Map<Account, List<Runnable>> pending = new ConcurrentHashMap<>();

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
        private final boolean within;
        private final AtomicLong runs = new AtomicLong();
        private final AtomicLong failed = new AtomicLong();
        private volatile String error;

        Rule(Table table, Set<String> when, ObjectNode set, long delayMs, boolean within) {
            this.table = table;
            this.within = within;
            this.when = when;
            this.set = set;
            this.delayMs = delayMs;
        }

        ObjectNode describe() {
            ObjectNode described =
                    JSON.createObjectNode().put("object", table.type().name());
            when.forEach(described.putArray("when")::add);
            described.set("set", set);
            described
                    .put("delayMs", delayMs)
                    .put("within", within)
                    .put("runs", runs.get())
                    .put("failed", failed.get());
            return error == null ? described : described.put("error", error);
        }
    }

    @Override
    public JsonNode answer(Account account, String method, JsonNode body) {
        switch (method) {
            case "PUT" -> {
                List<JsonNode> given = new ArrayList<>();
                (body.isArray() ? body : JSON.createArrayNode().add(body)).forEach(given::add);
                List<Rule> flows = given.stream()
                        .filter(rule -> !isOther(rule))
                        .map(rule -> rule(account, rule))
                        .toList();
                List<JsonNode> rest =
                        given.stream().filter(Automations::isOther).toList();
                rest.forEach(rule -> checkOther(account, rule));
                clearOthers(account);
                rest.forEach(rule -> addOther(account, rule));
                others.put(account, rest);
                if (rules.put(account, flows) == null) {
                    account.onCommit(commit -> committed(account, commit));
                    account.store().afterCommit(commit -> visible(account));
                }
            }
            case "DELETE" -> {
                rules.computeIfPresent(account, (a, old) -> List.of());
                clearOthers(account);
            }
            default -> {}
        }
        ObjectNode all = JSON.createObjectNode();
        ArrayNode shown = all.putArray("automations");
        rules.getOrDefault(account, List.of()).forEach(rule -> shown.add(rule.describe()));
        others.getOrDefault(account, List.of()).forEach(shown::add);
        return all;
    }

    private static boolean isOther(JsonNode rule) {
        return rule.has("refuse") || rule.has("triggerMs");
    }

    private void clearOthers(Account account) {
        others.remove(account);
        account.store().tables().forEach(table -> {
            table.refuse(List.of());
            table.triggerMillis(0);
        });
    }

    private static void checkOther(Account account, JsonNode rule) {
        Table table = table(account, rule);
        if (!"salesforce".equals(account.crm())) {
            throw new IllegalArgumentException("Only an account of Salesforce has validation rules and triggers.");
        }
        if (rule.has("refuse")) {
            refusal(table, rule);
        } else if (rule.path("triggerMs").asLong() <= 0) {
            throw new IllegalArgumentException("A trigger takes some time for each record: {\"triggerMs\":5}.");
        }
    }

    private static void addOther(Account account, JsonNode rule) {
        Table table = table(account, rule);
        if (rule.has("refuse")) {
            List<Refusal> refusals = new ArrayList<>(table.refusals());
            refusals.add(refusal(table, rule));
            table.refuse(refusals);
        } else {
            table.triggerMillis(rule.path("triggerMs").asLong());
        }
    }

    private static Refusal refusal(Table table, JsonNode rule) {
        JsonNode refuse = rule.path("refuse");
        String name = refuse.path("field").asText();
        Field field = table.type()
                .field(name)
                .orElseThrow(() -> new IllegalArgumentException(
                        table.type().name() + " has no field '" + name + "' that a validation rule could look at."));
        Predicate<Object> test;
        if (refuse.has("equals")) {
            test = value -> value != null
                    && value.toString().equals(refuse.path("equals").asText());
        } else if (refuse.has("matches")) {
            Pattern pattern = Pattern.compile(refuse.path("matches").asText());
            test = value -> value != null && pattern.matcher(value.toString()).matches();
        } else if (refuse.has("empty")) {
            test = value -> (value == null) == refuse.path("empty").asBoolean();
        } else if (refuse.has("above")) {
            test = value -> value instanceof Number number
                    && number.doubleValue() > refuse.path("above").asDouble();
        } else if (refuse.has("below")) {
            test = value -> value instanceof Number number
                    && number.doubleValue() < refuse.path("below").asDouble();
        } else {
            throw new IllegalArgumentException("A validation rule has equals, matches, empty, above or below.");
        }
        return new Refusal(
                row -> test.test(field.type().toWire(field.read(row))),
                rule.path("message").asText("A validation rule refuses the record."),
                field.name());
    }

    private static Table table(Account account, JsonNode rule) {
        return account.store()
                .table(rule.path("object").asText())
                .orElseThrow(
                        () -> new IllegalArgumentException("An automation names its \"object\"; there is no object '"
                                + rule.path("object").asText() + "'."));
    }

    private static Rule rule(Account account, JsonNode rule) {
        Table table = table(account, rule);
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
        set.fieldNames().forEachRemaining(name -> table.type()
                .field(name)
                .orElseThrow(() -> new IllegalArgumentException(
                        table.type().name() + " has no field '" + name + "' that an automation could set.")));
        return new Rule(
                table,
                when,
                set.deepCopy(),
                rule.path("delayMs").asLong(0),
                rule.path("within").asBoolean());
    }

    /** Called under the store's lock, before the rows can be seen. */
    private void committed(Account account, Store.Commit commit) {
        if (Store.Signature.AUTOMATION.by().equals(commit.by().by())) {
            return;
        }
        for (Rule rule : rules.get(account)) {
            for (Row row : commit.rows().getOrDefault(rule.table, List.of())) {
                String change = change(rule.table, rule.table.row(row.number()), row);
                if (rule.when.contains(change) && rule.within) {
                    pending.computeIfAbsent(account, a -> new ArrayList<>()).add(() -> set(account, rule, row.id()));
                } else if (rule.when.contains(change)) {
                    vertx.setTimer(
                            Math.max(1, rule.delayMs),
                            timer -> vertx.executeBlocking(
                                    () -> {
                                        run(account, rule, row.id());
                                        return null;
                                    },
                                    false));
                }
            }
        }
    }

    /** Called under the store's lock, when the rows can be seen by others soon. */
    private void visible(Account account) {
        List<Runnable> due = pending.remove(account);
        if (due != null) {
            due.forEach(Runnable::run);
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
        boolean changed = table.type().fields().stream()
                .filter(field -> field.column() >= 0)
                .anyMatch(field -> !Objects.equals(before.value(field.column()), after.value(field.column())));
        return changed ? UPDATED : "";
    }

    /** Under the lock, since the write that started it may not be visible yet. */
    private void run(Account account, Rule rule, String id) {
        account.store().atOneMoment(() -> {
            set(account, rule, id);
            return null;
        });
    }

    private void set(Account account, Rule rule, String id) {
        CrmUser user = users.get(account.crm());
        Request.Attempt attempt = new Request.Attempt(account.faults().noRows(), false, Store.Signature.AUTOMATION);
        try {
            Row row = rule.table.row(id);
            if (row != null && !row.isDeleted()) {
                long run = rule.runs.incrementAndGet();
                user.automate(account, rule.table, id, values(rule, run, user.show(account, rule.table, row)), attempt);
            }
        } catch (IllegalArgumentException refused) {
            rule.failed.incrementAndGet();
            rule.error = refused.getMessage();
        }
    }

    private ObjectNode values(Rule rule, long run, JsonNode shown) {
        JsonNode held = shown.path("properties").isObject() ? shown.path("properties") : shown;
        ObjectNode values = rule.set.deepCopy();
        rule.set.properties().stream()
                .filter(entry -> entry.getValue().isTextual())
                .forEach(entry ->
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
