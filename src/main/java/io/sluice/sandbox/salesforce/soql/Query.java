package io.sluice.sandbox.salesforce.soql;

import java.util.List;
import java.util.Optional;

/**
 * A parsed SOQL query. Names are as written; nothing is known yet of the objects.
 *
 * @param select paths such as {@code Owner.Name}; empty for {@code COUNT()}
 * @param limit  most rows, or Integer.MAX_VALUE
 */
public record Query(List<String> select, String from, Optional<Condition> where, List<Order> orderBy, int limit,
        int offset) {

    public boolean isCount() {
        return select.isEmpty();
    }

    /** One key of the order. */
    public record Order(String path, boolean descending, boolean nullsFirst) { }

    /** What a row must meet. */
    public sealed interface Condition { }

    /** All of these. */
    public record And(List<Condition> all) implements Condition { }

    /** Any of these. */
    public record Or(List<Condition> any) implements Condition { }

    /** Not this. */
    public record Not(Condition condition) implements Condition { }

    /** A field against a literal. */
    public record Compare(String path, Operator operator, Literal literal) implements Condition { }

    /** A field against a list; {@code includes} and {@code excludes} look into a multi-select picklist. */
    public record Among(String path, boolean negated, boolean parts, List<Literal> literals) implements Condition { }

    /** How a field is compared. */
    public enum Operator { EQUAL, UNEQUAL, LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL, LIKE }

    /** A value as written in the query. */
    public record Literal(Kind kind, String text) {

        /** How it was written: quoted, or bare as a number, a date, a moment, true, null, or a range such as TODAY. */
        public enum Kind { TEXT, BARE, NULL }
    }
}
