// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.soql;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A parsed SOQL query. Names are as written; nothing is known yet of the objects.
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

    /** Whether it asks for the number of rows alone: {@code SELECT COUNT()}. */
    public boolean isCount() {
        return select.get(0) instanceof CountAll;
    }

    /** Whether its answer is made of groups of rows. */
    public boolean isAggregate() {
        return !groupBy.isEmpty()
                || select.stream()
                        .anyMatch(selected -> selected instanceof Column column
                                && column.expression().isAggregate());
    }

    boolean isLimited() {
        return limit < Integer.MAX_VALUE;
    }

    /** One entry of the select list. */
    public sealed interface Selected {}

    /** {@code COUNT()}. */
    public record CountAll() implements Selected {}

    /** A field or a function of one; {@code alias} is null where it has none. */
    public record Column(Expression expression, String alias) implements Selected {}

    /** {@code FIELDS(ALL)}, {@code FIELDS(STANDARD)} or {@code FIELDS(CUSTOM)}. */
    public record FieldGroup(Kind kind) implements Selected {
        enum Kind {
            ALL,
            STANDARD,
            CUSTOM
        }
    }

    /** A sub-query for the children of each row. */
    public record Children(Query query) implements Selected {}

    /** A path such as {@code Owner.Name}, or a function of what is there; {@code function} is null for the value itself. */
    public record Expression(Function function, String path) {

        boolean isAggregate() {
            return function != null && function.isAggregate();
        }
    }

    /** One key of the order. */
    public record Order(Expression expression, boolean descending, boolean nullsFirst) {}

    /** What a row must meet. */
    public sealed interface Condition {}

    /** All of these. */
    public record And(List<Condition> all) implements Condition {}

    /** Any of these. */
    public record Or(List<Condition> any) implements Condition {}

    /** Not this. */
    public record Not(Condition condition) implements Condition {}

    /** A value against a literal. */
    public record Compare(Expression left, Operator operator, Literal literal) implements Condition {}

    /** A value against a list; {@code includes} and {@code excludes} look into a multi-select picklist. */
    public record Among(Expression left, boolean negated, boolean parts, List<Literal> literals) implements Condition {}

    /** A semi-join, or negated an anti-join: an id against the ids that a query of another object finds. */
    public record Joined(Expression left, boolean negated, Query query) implements Condition {}

    /** How a value is compared. */
    public enum Operator {
        EQUAL,
        UNEQUAL,
        LESS,
        LESS_OR_EQUAL,
        GREATER,
        GREATER_OR_EQUAL,
        LIKE
    }

    /** A value as written in the query. */
    public record Literal(Kind kind, String text) {

        /** How it was written: quoted, or bare as a number, a date, a moment, true, null, or a range such as TODAY. */
        public enum Kind {
            TEXT,
            BARE,
            NULL
        }
    }
}
