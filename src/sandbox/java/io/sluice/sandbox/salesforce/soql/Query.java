// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.soql;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Represents a parsed SOQL query. Names are as written; no object has been looked up.
 *
 * @param from    the object, or in a sub-query of the select list the name of a child relationship
 * @param aliases what an alias in lower case stands for: a path of relationships, empty for the object itself
 * @param limit   most rows, or Integer.MAX_VALUE
 */
public record Query(
        List<Selected> select,
        String from,
        Map<String, String> aliases,
        Optional<Condition> where,
        List<Expression> groupBy,
        Optional<Condition> having,
        List<Order> orderBy,
        int limit,
        int offset) {

    /** Whether the query asks for the number of rows alone: {@code SELECT COUNT()}. */
    public boolean isCount() {
        return select.get(0) instanceof CountAll;
    }

    /** Whether the answer consists of groups of rows. */
    public boolean isAggregate() {
        return !groupBy.isEmpty()
                || select.stream()
                        .anyMatch(selected -> selected instanceof Column column
                                && column.expression().isAggregate());
    }

    boolean isLimited() {
        return limit < Integer.MAX_VALUE;
    }

    /** Entry of the select list. */
    public sealed interface Selected {}

    /** {@code COUNT()}. */
    public record CountAll() implements Selected {}

    /** Selects a field or a function of one; {@code alias} is null when it has none. */
    public record Column(Expression expression, String alias) implements Selected {}

    /** Selects {@code FIELDS(ALL)}, {@code FIELDS(STANDARD)} or {@code FIELDS(CUSTOM)}. */
    public record FieldGroup(Kind kind) implements Selected {
        enum Kind {
            ALL,
            STANDARD,
            CUSTOM
        }
    }

    /** Selects the children of each row by a sub-query. */
    public record Children(Query query) implements Selected {}

    /**
     * Represents a path such as {@code Owner.Name}, or a function of it; {@code function} is null for the value itself.
     */
    public record Expression(Function function, String path) {

        boolean isAggregate() {
            return function != null && function.isAggregate();
        }
    }

    /** Represents one key of the order. */
    public record Order(Expression expression, boolean descending, boolean nullsFirst) {}

    /** Condition on a row. */
    public sealed interface Condition {}

    /** Holds when all of these hold. */
    public record And(List<Condition> all) implements Condition {}

    /** Holds when any of these holds. */
    public record Or(List<Condition> any) implements Condition {}

    /** Holds when this does not. */
    public record Not(Condition condition) implements Condition {}

    /** Compares a value with a literal. */
    public record Compare(Expression left, Operator operator, Literal literal) implements Condition {}

    /** Compares a value with a list; {@code includes} and {@code excludes} look into a multi-select picklist. */
    public record Among(Expression left, boolean negated, boolean parts, List<Literal> literals) implements Condition {}

    /** Joins: compares an id with the ids that a query of another object finds; an anti-join when negated. */
    public record Joined(Expression left, boolean negated, Query query) implements Condition {}

    /** Operator of a comparison. */
    public enum Operator {
        EQUAL,
        UNEQUAL,
        LESS,
        LESS_OR_EQUAL,
        GREATER,
        GREATER_OR_EQUAL,
        LIKE
    }

    /** Represents a value as written in the query. */
    public record Literal(Kind kind, String text) {

        /** Form of a literal: quoted, or bare as a number, a date, a time, true, null, or a range such as TODAY. */
        public enum Kind {
            TEXT,
            BARE,
            NULL
        }
    }
}
