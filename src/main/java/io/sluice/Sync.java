// SPDX-License-Identifier: Apache-2.0
package io.sluice;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Keeps one table the same as one object of a CRM account: the bean that the files of {@code routes/syncs} declare.
 * It holds the values written there and decides nothing.
 */
public final class Sync {

    /** Directions in which changes go. */
    public enum Direction {
        BOTH,
        OUT;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What a delete on one side does on the other. */
    public enum Deletes {
        PROPAGATE,
        KEEP;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What a record that is created in the CRM does in the table. */
    public enum Inserts {
        PROPAGATE,
        IGNORE;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Data that a sync starts from. */
    public enum Initial {
        TABLE,
        BOTH;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A mistake in the file of a sync, without the file.
     *
     * @param property property that is wrong as it is written there, or null
     */
    public record Mistake(String property, String sentence) {}

    private String name;
    private String file;
    private String table;
    private String key;
    private String account;
    private String object;
    private String externalId;
    private Map<String, String> fields = new LinkedHashMap<>();
    private Priority priority = Priority.NORMAL;
    private String critical;
    private String high;
    private String low;
    private ConflictRule conflicts = ConflictRule.LATEST;
    private Deletes deletes = Deletes.PROPAGATE;
    private Direction direction = Direction.BOTH;
    private Inserts inserts = Inserts.PROPAGATE;
    private Initial initial = Initial.TABLE;
    private String timeZone = "UTC";
    private String parent;
    private boolean paused;
    private final List<Mistake> mistakes = new ArrayList<>();
    private boolean unreadable;
    private volatile Set<String> textFields = Set.of();
    private volatile String problem;

    /** Name of the bean; set when the syncs are collected. */
    public String getName() {
        return name;
    }

    public void setName(String name) {
        this.name = name;
    }

    /** File that declares the sync, for messages; null when it was not found. */
    public String getFile() {
        return file;
    }

    public void setFile(String file) {
        this.file = file;
    }

    /** Table as {@code schema.table}; the default schema is {@code public}. */
    public String getTable() {
        return table;
    }

    public void setTable(String table) {
        this.table = table == null || table.contains(".") ? table : "public." + table;
    }

    /** Column that identifies a row: unique, not null. Its text is the value of the external id. */
    public String getKey() {
        return key;
    }

    public void setKey(String key) {
        this.key = key;
    }

    public String getAccount() {
        return account;
    }

    public void setAccount(String account) {
        this.account = account;
    }

    public String getObject() {
        return object;
    }

    public void setObject(String object) {
        this.object = object;
    }

    /** CRM field that holds the key. */
    public String getExternalId() {
        return externalId;
    }

    public void setExternalId(String externalId) {
        this.externalId = externalId;
    }

    /** Column to CRM field. */
    public Map<String, String> getFields() {
        return fields;
    }

    public void setFields(Map<String, String> fields) {
        this.fields = new LinkedHashMap<>(fields);
    }

    /** Priority of a row for which none of the conditions below is true. */
    public Priority getPriority() {
        return priority;
    }

    public void setPriority(String priority) {
        this.priority = Priority.of(priority);
    }

    /** SQL condition on the row: its changes are critical where it is true. */
    public String getCritical() {
        return critical;
    }

    public void setCritical(String critical) {
        this.critical = critical;
    }

    /** SQL condition on the row: its changes are high where it is true. */
    public String getHigh() {
        return high;
    }

    public void setHigh(String high) {
        this.high = high;
    }

    /** SQL condition on the row: its changes are low where it is true. */
    public String getLow() {
        return low;
    }

    public void setLow(String low) {
        this.low = low;
    }

    /** Side that wins when both changed a field: {@code latest}, {@code crm} or {@code database}. */
    public ConflictRule getConflicts() {
        return conflicts;
    }

    public void setConflicts(String conflicts) {
        this.conflicts = choice("conflicts", conflicts, this.conflicts);
    }

    /** {@code both}, or {@code out}: changes made in the CRM are not written to the table. */
    public Direction getDirection() {
        return direction;
    }

    public void setDirection(String direction) {
        this.direction = choice("direction", direction, this.direction);
    }

    /** {@code propagate}: a record that is created in the CRM becomes a row, if it has the external id; or {@code ignore}. */
    public Inserts getInserts() {
        return inserts;
    }

    public void setInserts(String inserts) {
        this.inserts = choice("inserts", inserts, this.inserts);
    }

    /**
     * Data to start from: {@code table} sends the table's rows to the CRM; {@code both} first reads all records of the CRM and
     * merges each with its row.
     */
    public Initial getInitial() {
        return initial;
    }

    public void setInitial(String initial) {
        this.initial = choice("initial", initial, this.initial);
    }

    /** {@code propagate}: a delete on one side is repeated on the other; {@code keep}: the other side keeps the record. */
    public Deletes getDeletes() {
        return deletes;
    }

    public void setDeletes(String deletes) {
        this.deletes = choice("deletes", deletes, this.deletes);
    }

    /** Time zone of the columns of type timestamp (without time zone). */
    public String getTimeZone() {
        return timeZone;
    }

    public void setTimeZone(String timeZone) {
        this.timeZone = timeZone;
    }

    /** CRM field that names a record's parent, or null; found in the CRM's describe. */
    public String getParent() {
        return parent;
    }

    public void setParent(String parent) {
        this.parent = parent;
    }

    /** Whether the sync is paused: its changes are captured and wait in the outbox. */
    public boolean isPaused() {
        return paused;
    }

    public void setPaused(boolean paused) {
        this.paused = paused;
    }

    /** Parses a word; one that is no choice is a mistake and changes nothing. */
    private <E extends Enum<E>> E choice(String property, String word, E before) {
        List<E> choices = List.of(before.getDeclaringClass().getEnumConstants());
        return choices.stream()
                .filter(it -> it.toString().equals(word))
                .findFirst()
                .orElseGet(() -> {
                    addMistake(new Mistake(
                            property,
                            property + " is '" + word + "'"
                                    + Suggestion.hint(
                                            String.valueOf(word),
                                            choices.stream().map(Enum::toString).toList())));
                    return before;
                });
    }

    /** Mistakes in its file that make a property invalid. */
    public List<Mistake> mistakes() {
        return List.copyOf(mistakes);
    }

    public void addMistake(Mistake mistake) {
        mistakes.add(mistake);
    }

    /** Replaces the mistakes, once the lines are known on which they are. */
    public void setMistakes(List<Mistake> found) {
        mistakes.clear();
        mistakes.addAll(found);
    }

    /** Whether its file can't be read as a whole, so that only a part of its properties is known. */
    public boolean isUnreadable() {
        return unreadable;
    }

    public void setUnreadable(boolean unreadable) {
        this.unreadable = unreadable;
    }

    /** The mapped CRM fields in order, separated by commas. */
    public String fieldList() {
        return String.join(",", new TreeSet<>(fields.values()));
    }

    /** CRM fields of type text whose columns have another type; known once the CRM is described. */
    public Set<String> textFields() {
        return textFields;
    }

    public void setTextFields(Set<String> textFields) {
        this.textFields = Set.copyOf(textFields);
    }

    /** Reason why this sync alone does not run, or null: it names the missing table, column, object or field. */
    public String problem() {
        return problem;
    }

    public void setProblem(String problem) {
        this.problem = problem;
    }

    /** Whether table, account and object are set. */
    public boolean isComplete() {
        return table != null && account != null && object != null;
    }

    /** File that declares the sync; the folder of the syncs when the file was not found. */
    public String file() {
        return file == null ? "routes/syncs" : file;
    }

    /** Names the file and the sync, at the beginning of each message about this sync. */
    public String location() {
        return file() + ", sync '" + name + "'";
    }

    @Override
    public String toString() {
        return name + " (" + table + " to " + account + " " + object + ")";
    }
}
