// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.Formula;
import io.sluice.sandbox.store.ObjectType;
import io.sluice.sandbox.store.RollUp;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** Holds the accounts by name, and makes every change of an account that is not a record: all of them are journaled. */
public final class Accounts {

    /** Key of the life of a token, which is set together with the limits. */
    private static final String SESSION = "session";
    /** Key of the options, see {@link Account#option}. */
    private static final String OPTIONS = "options";
    /** Key of the maximum number of writes that an account's journal holds. */
    private static final String WRITES_KEPT = "writesKept";

    private final SandboxClock clock;
    private final Map<String, CrmDefaults> crms;
    private final Map<String, Account> accounts = Collections.synchronizedMap(new LinkedHashMap<>());
    private volatile Journal journal = Journal.off();

    /** Prepares new accounts of a CRM and completes its declared objects. */
    public interface CrmDefaults {

        /** Declares limits, objects and users. */
        void prepare(Account account, LimitsChange limits);

        /** Completes an object with the fields that every object of this CRM has. */
        ObjectType object(String name, String label, String keyPrefix);

        /** Answers the milliseconds that stamps are rounded down to. */
        default long grainMillis() {
            return 1000;
        }

        /** Answers the default life of a token in seconds. */
        default long sessionSeconds() {
            return 7200;
        }

        /** Whether the limit of this name counts requests of this operation. */
        default boolean counts(String operation, String limit) {
            return true;
        }
    }

    /** Sets an account's limits, as {@link Limiter#change} reads them. */
    public interface LimitsChange {
        void set(JsonNode limits);
    }

    public Accounts(SandboxClock clock, Map<String, CrmDefaults> crms) {
        this.clock = clock;
        this.crms = crms;
    }

    /** Journals changes from now on. */
    public void keepIn(Journal openJournal) {
        journal = openJournal;
    }

    Journal journal() {
        return journal;
    }

    public Optional<Account> find(String name) {
        return Optional.ofNullable(accounts.get(name));
    }

    Collection<Account> all() {
        synchronized (accounts) {
            return List.copyOf(accounts.values());
        }
    }

    /** Finds the account of this name, or creates it. */
    public synchronized Account create(String name, String crm) {
        Account present = accounts.get(name);
        if (present != null) {
            return present;
        }
        CrmDefaults defaults = Optional.ofNullable(crms.get(crm))
                .orElseThrow(() -> new IllegalArgumentException(
                        "There is no CRM '" + crm + "'. CRMs: " + String.join(", ", crms.keySet()) + "."));
        Account account = new Account(name, crm, defaults, clock, new Account.Notes() {
            @Override
            public void committed(Store.Commit commit) {
                journal.rows(name, commit);
            }

            @Override
            public void kept(String key, JsonNode value) {
                journal.line(keptLine(name, key, value));
            }
        });
        journal.account(name, crm);
        defaults.prepare(account, account.limiter()::change);
        accounts.put(name, account);
        return account;
    }

    /**
     * Creates background work of an account's CRM, which faults name by this operation.
     *
     * @param job by which the journal of writes names it
     */
    public Background background(Account account, String operation, String object, String job) {
        return new Background(account, journal, operation, object, new Store.Signature("api", job));
    }

    /**
     * Spends one of an allocation such as the day's bulk jobs; answers false, and spends nothing, when none is left.
     */
    public boolean spend(Account account, String allocation) {
        OptionalLong moment = account.limiter().spend(allocation);
        moment.ifPresent(micros -> journal.spent(account.name(), allocation, micros));
        return moment.isPresent();
    }

    /** Counts a call beside the HTTP APIs, which no limit on requests counts. */
    public void countExempt(Account account, String operation) {
        account.counts().accepted(operation, true);
        journal.counted(account.name(), operation, Request.Kind.EXEMPT, clock.micros(), false);
    }

    void changeLimits(Account account, JsonNode spec) {
        JsonNode limits = spec;
        if (spec.isObject() && spec.has(SESSION)) {
            account.sessionSeconds(spec.path(SESSION).path("seconds").asLong(account.sessionSeconds()));
            limits = spec.<ObjectNode>deepCopy().without(SESSION);
        }
        if (limits.isObject() && limits.has(WRITES_KEPT)) {
            account.writes().capacity(limits.path(WRITES_KEPT).asInt(WriteLog.USUAL_CAPACITY));
            limits = limits.<ObjectNode>deepCopy().without(WRITES_KEPT);
        }
        if (limits.isObject() && limits.has(OPTIONS)) {
            limits.path(OPTIONS)
                    .properties()
                    .forEach(option ->
                            account.option(option.getKey(), option.getValue().asBoolean()));
            limits = limits.<ObjectNode>deepCopy().without(OPTIONS);
        }
        account.limiter().change(limits);
        journal.line(limitsLine(account, spec));
    }

    static ObjectNode keptLine(String account, String key, JsonNode value) {
        ObjectNode line = JsonNodeFactory.instance
                .objectNode()
                .put("k", "kept")
                .put("a", account)
                .put("n", key);
        line.set("v", value);
        return line;
    }

    static ObjectNode limitsLine(Account account, JsonNode spec) {
        ObjectNode line =
                JsonNodeFactory.instance.objectNode().put("k", "limits").put("a", account.name());
        line.set("spec", spec);
        return line;
    }

    public void declareObject(Account account, String object, JsonNode spec) {
        if (account.store().table(object).isPresent()) {
            return;
        }
        String label = spec.path("label").asText(object);
        String keyPrefix = spec.path("keyPrefix")
                .asText("a%02d".formatted(account.declarations().size()));
        if (!keyPrefix.matches("[0-9A-Za-z]{3}")) {
            throw new IllegalArgumentException("A keyPrefix has three letters or digits.");
        }
        account.store().declare(crms.get(account.crm()).object(object, label, keyPrefix));
        ObjectNode line = JsonNodeFactory.instance
                .objectNode()
                .put("k", "object")
                .put("a", account.name())
                .put("object", object);
        line.putObject("spec").put("label", label).put("keyPrefix", keyPrefix);
        account.declared(line);
        journal.line(line);
    }

    public Field declareField(Account account, String object, String name, JsonNode spec) {
        Table table = account.store()
                .table(object)
                .orElseThrow(() -> new IllegalArgumentException("There is no object " + object + "."));
        Field field = account.store().declare(table, field(account.store(), table, name, spec));
        ObjectNode line = JsonNodeFactory.instance
                .objectNode()
                .put("k", "field")
                .put("a", account.name())
                .put("object", object)
                .put("field", name);
        line.set("spec", spec);
        account.declared(line);
        journal.line(line);
        return field;
    }

    /** Removes a field with the values that records hold in it. */
    public void retireField(Account account, String object, String name) {
        account.store().table(object).ifPresent(table -> account.store().retire(table, name));
        ObjectNode line = JsonNodeFactory.instance
                .objectNode()
                .put("k", "retired")
                .put("a", account.name())
                .put("object", object)
                .put("field", name);
        account.declared(line);
        journal.line(line);
    }

    private static Field field(Store store, Table table, String name, JsonNode spec) {
        if (spec.has("rollUp")) {
            return rollUp(store, name, spec);
        }
        Field field = field(name, table.type().plural().replace(" ", "_") + "__r", spec);
        return spec.has("formula")
                ? field.computed(
                        new Formula(store, table.type(), spec.path("formula").asText()))
                : field;
    }

    /** Reads {@code "rollUp":{"object":"Opportunity","reference":"AccountId","function":"sum","field":"Amount"}}. */
    private static Field rollUp(Store store, String name, JsonNode spec) {
        JsonNode rollUp = spec.path("rollUp");
        String object = rollUp.path("object").asText();
        Table children = store.table(object)
                .orElseThrow(() -> new IllegalArgumentException("There is no object '" + object + "' to roll up."));
        RollUp.Function function = Arrays.stream(RollUp.Function.values())
                .filter(one ->
                        one.name().equalsIgnoreCase(rollUp.path("function").asText()))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("A roll-up's function is count, sum, min or max."));
        Field summed = function == RollUp.Function.COUNT
                ? null
                : childField(children, rollUp.path("field").asText());
        if (function == RollUp.Function.SUM && !summed.type().isDecimal() && summed.type() != FieldType.INT) {
            throw new IllegalArgumentException("A roll-up adds up numbers; " + summed.name() + " holds none.");
        }
        FieldType type = summed == null
                        || function == RollUp.Function.SUM && !summed.type().isDecimal()
                ? FieldType.DOUBLE
                : summed.type();
        return Field.of(name, spec.path("label").asText(name), type)
                .calculatedBy(new RollUp(
                        children, childField(children, rollUp.path("reference").asText()), function, summed));
    }

    private static Field childField(Table children, String name) {
        return children.type()
                .field(name)
                .orElseThrow(() -> new IllegalArgumentException("The roll-up reads '" + name + "', which "
                        + children.type().name() + " does not have."));
    }

    private static Field field(String name, String children, JsonNode spec) {
        Field field = Field.of(
                name,
                spec.path("label").asText(name),
                FieldType.ofWireName(spec.path("type").asText("string")));
        if (spec.has("length")) {
            field = field.withLength(spec.path("length").asInt());
        }
        if (spec.has("scale")) {
            field = field.withScale(spec.path("scale").asInt());
        }
        if (spec.path("required").asBoolean()) {
            field = field.asRequired();
        }
        if (spec.path("externalId").asBoolean()) {
            field = field.asExternalId(spec.path("unique").asBoolean());
        } else if (spec.path("unique").asBoolean()) {
            field = field.asUnique();
        }
        if (spec.has("referenceTo")) {
            field = field.referringTo(
                            spec.path("referenceTo").asText(),
                            spec.path("relationshipName").asText(name.replaceFirst("__c$", "__r")))
                    .asChildOf(spec.path("childRelationshipName").asText(children));
        }
        if (spec.path("options").isArray()) {
            List<String> values = new ArrayList<>();
            spec.path("options")
                    .forEach(option -> values.add(
                            option.isTextual()
                                    ? option.asText()
                                    : option.path("value").asText()));
            field = field.offering(spec.path("restricted").asBoolean(true), values);
        }
        return field;
    }
}
