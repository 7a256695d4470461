// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Table;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Holds the active faults of one account. */
public final class Faults {

    /** Operation by which faults name a CRM user's edit. */
    static final String EDIT = "edit";

    private final SandboxClock clock;
    private final List<Fault> active = new ArrayList<>();

    Faults(SandboxClock clock) {
        this.clock = clock;
    }

    /**
     * Switches a fault on.
     *
     * @throws IllegalArgumentException listing the kinds when it is none of them
     */
    synchronized Fault add(JsonNode settings) {
        String name = settings.path("kind").asText();
        Fault.Kind kind = Arrays.stream(Fault.Kind.values())
                .filter(k -> k.wireName().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("There is no fault of kind '" + name + "'. Kinds: "
                        + Arrays.stream(Fault.Kind.values())
                                .map(Fault.Kind::wireName)
                                .collect(Collectors.joining(", ")) + "."));
        Fault fault = new Fault(kind, settings, clock.micros());
        if (kind != Fault.Kind.EXPIRE_TOKENS) {
            active.add(fault);
        }
        return fault;
    }

    synchronized void clear() {
        active.clear();
    }

    synchronized List<JsonNode> list() {
        sweep();
        return active.stream().map(Fault::settings).toList();
    }

    /**
     * Finds the fault of this kind that strikes a request on its arrival, whatever records it names, and uses it up by
     * one.
     */
    synchronized Optional<Fault> strike(Fault.Kind kind, Request request) {
        return strike(
                kind, request.operation(), request.objects(), request.kind() == Request.Kind.LOGIN, fault -> true);
    }

    /**
     * Finds the fault of this kind that strikes a request whose body was read, and uses it up by one.
     *
     * @param about the objects and records it is about
     * @param when  at which of these moments, or none for any
     */
    synchronized Optional<Fault> strike(Fault.Kind kind, Request request, Request.Subject about, Fault.When... when) {
        return strike(
                kind,
                request.operation(),
                about.objects(),
                request.kind() == Request.Kind.LOGIN,
                fault -> fault.concernsRecords(about.keys())
                        && (when.length == 0 || List.of(when).contains(fault.when())));
    }

    /** Finds the fault of this kind that strikes an edit in the CRM's own screens. */
    synchronized Optional<Fault> strikeEdit(Fault.Kind kind, String object) {
        return strike(kind, EDIT, Set.of(object), false, fault -> true);
    }

    /** Finds the fault of this kind that strikes background work. */
    public synchronized Optional<Fault> strikeWork(
            Fault.Kind kind, String operation, String object, boolean onlyIfNamed) {
        return strike(kind, operation, Set.of(object), onlyIfNamed, fault -> true);
    }

    private Optional<Fault> strike(
            Fault.Kind kind, String operation, Set<String> objects, boolean onlyIfNamed, Predicate<Fault> fits) {
        sweep();
        Optional<Fault> struck = active.stream()
                .filter(f -> f.kind() == kind)
                .filter(f -> f.concerns(operation, onlyIfNamed) && f.concernsAny(objects))
                .filter(fits)
                .filter(Fault::strikes)
                .findFirst();
        struck.ifPresent(Fault::use);
        return struck;
    }

    /** Answers the row faults of one request: each is used up by one at most, however many rows it strikes. */
    synchronized RowFaults forRows(String operation) {
        sweep();
        return new RowFaults(active.stream()
                .filter(f -> f.kind() == Fault.Kind.ROW_LOCK || f.kind() == Fault.Kind.PARTIAL)
                .filter(f -> f.concerns(operation, false))
                .toList());
    }

    /** Answers row faults that strike nothing. */
    RowFaults noRows() {
        return new RowFaults(List.of());
    }

    /** Whether an active fault strikes the calls of certain records alone. */
    synchronized boolean nameRecords() {
        sweep();
        return active.stream().anyMatch(Fault::namesRecords);
    }

    private void sweep() {
        long now = clock.micros();
        active.removeIf(f -> f.isOver(now));
    }

    /** Decides row by row. */
    public final class RowFaults {

        private final List<Fault> faults;
        private final Set<Fault> used = new HashSet<>();

        private RowFaults(List<Fault> faults) {
            this.faults = faults;
        }

        /**
         * Finds the fault that strikes a write of a record, by the values of its keys too.
         *
         * @param name by which the write names it
         * @param row  as it stands, or null where there is none yet
         */
        public Optional<Fault> strike(Table table, String name, Row row) {
            if (faults.isEmpty()) {
                return Optional.empty();
            }
            Set<String> names = new HashSet<>();
            names.add(name);
            if (row != null) {
                names.add(row.id());
                for (Field field : table.type().indexed()) {
                    names.add(Objects.toString(field.read(row), null));
                }
            }
            return strike(table.type().name(), names);
        }

        /** Finds the fault that strikes a row with these names. */
        public Optional<Fault> strike(String object, Set<String> names) {
            Optional<Fault> struck = faults.stream()
                    .filter(f -> f.concernsRow(object, names))
                    .filter(Fault::strikes)
                    .findFirst();
            struck.filter(used::add).ifPresent(fault -> {
                synchronized (Faults.this) {
                    fault.use();
                }
            });
            return struck;
        }
    }
}
