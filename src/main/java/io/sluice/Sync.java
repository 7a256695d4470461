package io.sluice;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One table kept the same as one object of a CRM account: the bean that the files of {@code routes/syncs} declare.
 * It says what was written there and decides nothing; the stages read it.
 */
public final class Sync {

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
    private String conflicts = "latest";
    private String deletes = "propagate";
    private String direction = "both";
    private String inserts = "propagate";
    private String initial = "table";
    private String timeZone = "UTC";
    private String parent;
    private boolean paused;
    private final List<String> mistakes = new ArrayList<>();
    private volatile Set<String> textFields = Set.of();
    private volatile String problem;

    /** The bean's name; set when the syncs are collected. */
    public String getName() {
        return name;
    }

    public void setName(String name) {
        this.name = name;
    }

    /** The file that declares it, for messages; null when it was not found. */
    public String getFile() {
        return file;
    }

    public void setFile(String file) {
        this.file = file;
    }

    /** {@code schema.table}; {@code public} where no schema is written. */
    public String getTable() {
        return table;
    }

    public void setTable(String table) {
        this.table = table == null || table.contains(".") ? table : "public." + table;
    }

    /** The column that identifies a row: unique, not null. Its text is the value of the external id. */
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

    /** The CRM field that holds the key. */
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

    /** The priority of a row that none of the conditions below picks. */
    public Priority getPriority() {
        return priority;
    }

    public void setPriority(String priority) {
        this.priority = Priority.of(priority);
    }

    /** SQL over the row: true makes its changes critical. */
    public String getCritical() {
        return critical;
    }

    public void setCritical(String critical) {
        this.critical = critical;
    }

    /** SQL over the row: true makes its changes high. */
    public String getHigh() {
        return high;
    }

    public void setHigh(String high) {
        this.high = high;
    }

    /** SQL over the row: true makes its changes low. */
    public String getLow() {
        return low;
    }

    public void setLow(String low) {
        this.low = low;
    }

    /** Who wins where both sides changed a field: {@code latest}, {@code crm} or {@code database}. */
    public String getConflicts() {
        return conflicts;
    }

    public void setConflicts(String conflicts) {
        this.conflicts = conflicts;
    }

    /** {@code both}; {@code out}: what changes in the CRM stays there. */
    public String getDirection() {
        return direction;
    }

    public void setDirection(String direction) {
        this.direction = direction;
    }

    /** {@code propagate}: a record made in the CRM becomes a row, if it has the external id; {@code ignore}. */
    public String getInserts() {
        return inserts;
    }

    public void setInserts(String inserts) {
        this.inserts = inserts;
    }

    /**
     * What is taken at the first start: {@code table}, its rows, which go to the CRM; {@code both}, and before that the
     * records that are in the CRM, each merged with its row.
     */
    public String getInitial() {
        return initial;
    }

    public void setInitial(String initial) {
        this.initial = initial;
    }

    /** {@code propagate}: what is deleted on one side is deleted on the other; {@code keep}: the other keeps it. */
    public String getDeletes() {
        return deletes;
    }

    public void setDeletes(String deletes) {
        this.deletes = deletes;
    }

    /** The zone in which columns of type timestamp (without a zone) are meant. */
    public String getTimeZone() {
        return timeZone;
    }

    public void setTimeZone(String timeZone) {
        this.timeZone = timeZone;
    }

    /** The CRM field that names a record's parent, or null; found when the CRM's describe is read. */
    public String getParent() {
        return parent;
    }

    public void setParent(String parent) {
        this.parent = parent;
    }

    /** Its changes are captured and wait; nothing of it is sent. */
    public boolean isPaused() {
        return paused;
    }

    public void setPaused(boolean paused) {
        this.paused = paused;
    }

    /** What its file says that no sync can take, a sentence each without the place. */
    public List<String> mistakes() {
        return List.copyOf(mistakes);
    }

    public void mistake(String sentence) {
        mistakes.add(sentence);
    }

    /** The CRM fields that take texts alone although their columns hold something else; known when the CRM is described. */
    public Set<String> textFields() {
        return textFields;
    }

    public void setTextFields(Set<String> textFields) {
        this.textFields = Set.copyOf(textFields);
    }

    /** Why it is stopped while other syncs run, or null: it names what is not there. */
    public String problem() {
        return problem;
    }

    public void setProblem(String problem) {
        this.problem = problem;
    }

    /** Whether it says from where to where it goes. */
    public boolean isWhole() {
        return table != null && account != null && object != null;
    }

    /** The file that declares it, or the folder where it was not found. */
    public String file() {
        return file == null ? "routes/syncs" : file;
    }

    /** Where to look, at the head of every message about this sync. */
    public String where() {
        return file() + ", sync '" + name + "'";
    }

    @Override
    public String toString() {
        return name + " (" + table + " to " + account + " " + object + ")";
    }
}
