// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.soql;

import io.sluice.sandbox.salesforce.soql.Query.Among;
import io.sluice.sandbox.salesforce.soql.Query.And;
import io.sluice.sandbox.salesforce.soql.Query.Children;
import io.sluice.sandbox.salesforce.soql.Query.Column;
import io.sluice.sandbox.salesforce.soql.Query.Compare;
import io.sluice.sandbox.salesforce.soql.Query.Condition;
import io.sluice.sandbox.salesforce.soql.Query.CountAll;
import io.sluice.sandbox.salesforce.soql.Query.Expression;
import io.sluice.sandbox.salesforce.soql.Query.FieldGroup;
import io.sluice.sandbox.salesforce.soql.Query.Joined;
import io.sluice.sandbox.salesforce.soql.Query.Literal;
import io.sluice.sandbox.salesforce.soql.Query.Not;
import io.sluice.sandbox.salesforce.soql.Query.Operator;
import io.sluice.sandbox.salesforce.soql.Query.Or;
import io.sluice.sandbox.salesforce.soql.Query.Order;
import io.sluice.sandbox.salesforce.soql.Query.Selected;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Parses SOQL by the grammar of the SOQL and SOSL Reference (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select.htm">SOQL
 * SELECT Syntax</a>). Unknown elements are MALFORMED_QUERY: TYPEOF, FORMAT, convertCurrency, DISTANCE, GROUP BY ROLLUP
 * and CUBE, WITH, scopes other than everything, and what Apex alone has: ALL ROWS, FOR UPDATE and bind variables.
 */
public final class Parser {

    private static final int MOST_OFFSET = 2000;
    private static final int MOST_OF_ALL_FIELDS = 200;
    private static final int MOST_SUB_QUERIES = 20;
    /** Words that follow the object, so that they are no alias. */
    private static final Set<String> AFTER_FROM =
            Set.of("WHERE", "WITH", "GROUP", "ORDER", "LIMIT", "OFFSET", "FOR", "USING", "HAVING", "ALL", "UPDATE");

    private final Tokens tokens;

    private Parser(String query) {
        this.tokens = new Tokens(query);
    }

    /** @throws MalformedQueryException when the query does not follow the grammar */
    public static Query parse(String query) {
        Parser parser = new Parser(query);
        Query parsed = parser.query();
        if (parser.tokens.peek().kind() != Tokens.Token.Kind.END) {
            throw parser.tokens.unexpected("the end");
        }
        return parsed;
    }

    private Query query() {
        tokens.expectWord("SELECT");
        List<Selected> select = select();
        tokens.expectWord("FROM");
        String from = tokens.name();
        Map<String, String> aliases = aliases();
        if (tokens.takeWord("USING")) {
            tokens.expectWord("SCOPE");
            tokens.expectWord("everything");
        }
        Optional<Condition> where = tokens.takeWord("WHERE") ? Optional.of(condition()) : Optional.empty();
        where.ifPresent(Joins::check);
        List<Expression> groupBy = new ArrayList<>();
        Optional<Condition> having = Optional.empty();
        if (tokens.takeWord("GROUP")) {
            tokens.expectWord("BY");
            do {
                groupBy.add(expression());
            } while (tokens.takeSymbol(","));
            having = tokens.takeWord("HAVING") ? Optional.of(condition()) : having;
        }
        List<Order> orderBy = new ArrayList<>();
        if (tokens.takeWord("ORDER")) {
            tokens.expectWord("BY");
            do {
                orderBy.add(order());
            } while (tokens.takeSymbol(","));
        }
        int limit = tokens.takeWord("LIMIT") ? count() : Integer.MAX_VALUE;
        int offset = tokens.takeWord("OFFSET") ? count() : 0;
        if (offset > MOST_OFFSET) {
            throw new MalformedQueryException(
                    "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is " + MOST_OFFSET);
        }
        if (tokens.takeWord("FOR") && !tokens.takeWord("VIEW")) {
            tokens.expectWord("REFERENCE");
        }
        Query query = new Query(select, from, aliases, where, groupBy, having, orderBy, limit, offset);
        check(query);
        return query;
    }

    /** Reads {@code Contact c, c.Account a}: the path of relationships of each alias. */
    private Map<String, String> aliases() {
        Map<String, String> aliases = new HashMap<>();
        alias().ifPresent(alias -> aliases.put(alias, ""));
        while (tokens.takeSymbol(",")) {
            String path = tokens.name();
            int dot = path.indexOf('.');
            String start = dot < 0 ? null : aliases.get(path.substring(0, dot).toLowerCase(Locale.ROOT));
            if (start == null) {
                throw tokens.unexpected("a relationship of an alias");
            }
            String relationship = path.substring(dot + 1);
            aliases.put(
                    alias().orElseThrow(() -> tokens.unexpected("an alias")),
                    start.isEmpty() ? relationship : start + "." + relationship);
        }
        return aliases;
    }

    private Optional<String> alias() {
        boolean marked = tokens.takeWord("AS");
        boolean isAlias = tokens.peek().kind() == Tokens.Token.Kind.WORD
                && !AFTER_FROM.contains(tokens.peek().text().toUpperCase(Locale.ROOT));
        return marked || isAlias ? Optional.of(tokens.name().toLowerCase(Locale.ROOT)) : Optional.empty();
    }

    private List<Selected> select() {
        List<Selected> select = new ArrayList<>();
        do {
            select.add(selected(select.isEmpty()));
        } while (tokens.takeSymbol(","));
        return select;
    }

    private Selected selected(boolean first) {
        if (tokens.takeSymbol("(")) {
            Query children = query();
            tokens.expectSymbol(")");
            return new Children(children);
        }
        if (tokens.isWord("COUNT") && tokens.follows("(", ")")) {
            tokens.skip(3);
            if (!first || !tokens.isWord("FROM")) {
                // COUNT() is the only element of its list
                throw tokens.unexpected("'FROM'");
            }
            return new CountAll();
        }
        if (tokens.isWord("FIELDS") && tokens.follows("(")) {
            tokens.skip(2);
            FieldGroup group = new FieldGroup(fieldGroup());
            tokens.expectSymbol(")");
            return group;
        }
        if (tokens.isWord("toLabel") && tokens.follows("(")) {
            // labels are the values here
            tokens.skip(2);
            String path = tokens.name();
            tokens.expectSymbol(")");
            return new Column(new Expression(null, path), columnAlias());
        }
        return new Column(expression(), columnAlias());
    }

    private String columnAlias() {
        return tokens.peek().kind() == Tokens.Token.Kind.WORD && !tokens.isWord("FROM") ? tokens.name() : null;
    }

    private FieldGroup.Kind fieldGroup() {
        for (FieldGroup.Kind kind : FieldGroup.Kind.values()) {
            if (tokens.takeWord(kind.name())) {
                return kind;
            }
        }
        throw tokens.unexpected("ALL, STANDARD or CUSTOM");
    }

    private Expression expression() {
        if (tokens.peek().kind() == Tokens.Token.Kind.WORD && tokens.follows("(")) {
            Function function = Function.of(tokens.peek().text()).orElseThrow(() -> tokens.unexpected("a field"));
            tokens.skip(2);
            String path = tokens.name();
            tokens.expectSymbol(")");
            return new Expression(function, path);
        }
        return new Expression(null, tokens.name());
    }

    /**
     * Reads a condition. One level has one kind of operator: AND beside OR needs parentheses, and so does a NOT beside
     * either.
     */
    private Condition condition() {
        if (tokens.takeWord("NOT")) {
            return new Not(one());
        }
        List<Condition> conditions = new ArrayList<>(List.of(one()));
        String operator = tokens.isWord("AND") ? "AND" : "OR";
        while (tokens.takeWord(operator)) {
            conditions.add(one());
        }
        if (tokens.isWord("AND") || tokens.isWord("OR")) {
            throw tokens.unexpected("parentheses around what stands beside another operator");
        }
        return conditions.size() == 1
                ? conditions.get(0)
                : "AND".equals(operator) ? new And(conditions) : new Or(conditions);
    }

    private Condition one() {
        if (tokens.takeSymbol("(")) {
            Condition inner = condition();
            tokens.expectSymbol(")");
            return inner;
        }
        if (tokens.isWord("NOT")) {
            throw tokens.unexpected("a field");
        }
        Expression left = expression();
        boolean negated = tokens.takeWord("NOT");
        if (tokens.takeWord("IN")) {
            return in(left, negated);
        }
        if (negated) {
            throw tokens.unexpected("'IN'");
        }
        if (tokens.takeWord("INCLUDES")) {
            return new Among(left, false, true, literals());
        }
        if (tokens.takeWord("EXCLUDES")) {
            return new Among(left, true, true, literals());
        }
        return new Compare(left, operator(), literal());
    }

    private Condition in(Expression left, boolean negated) {
        if (!tokens.isSymbol("(") || !tokens.followsWord("SELECT")) {
            return new Among(left, negated, false, literals());
        }
        tokens.skip(1);
        Query query = query();
        tokens.expectSymbol(")");
        return new Joined(left, negated, query);
    }

    private Operator operator() {
        if (tokens.takeWord("LIKE")) {
            return Operator.LIKE;
        }
        String symbol =
                tokens.peek().kind() == Tokens.Token.Kind.SYMBOL ? tokens.peek().text() : "";
        Operator operator =
                switch (symbol) {
                    case "=" -> Operator.EQUAL;
                    case "!=", "<>" -> Operator.UNEQUAL;
                    case "<" -> Operator.LESS;
                    case "<=" -> Operator.LESS_OR_EQUAL;
                    case ">" -> Operator.GREATER;
                    case ">=" -> Operator.GREATER_OR_EQUAL;
                    default -> throw tokens.unexpected("an operator");
                };
        tokens.next();
        return operator;
    }

    private List<Literal> literals() {
        tokens.expectSymbol("(");
        List<Literal> literals = new ArrayList<>();
        do {
            literals.add(literal());
        } while (tokens.takeSymbol(","));
        tokens.expectSymbol(")");
        return literals;
    }

    private Literal literal() {
        Tokens.Token token = tokens.peek();
        Literal literal =
                switch (token.kind()) {
                    case TEXT -> new Literal(Literal.Kind.TEXT, token.text());
                    case WORD ->
                        "null".equalsIgnoreCase(token.text())
                                ? new Literal(Literal.Kind.NULL, null)
                                : new Literal(Literal.Kind.BARE, token.text());
                    default -> throw tokens.unexpected("a value");
                };
        tokens.next();
        return literal;
    }

    /**
     * Reads an order. Nulls come first in both directions unless the query says otherwise ("ORDER BY" in the
     * reference).
     */
    private Order order() {
        Expression expression = expression();
        boolean descending = tokens.takeWord("DESC");
        if (!descending) {
            tokens.takeWord("ASC");
        }
        boolean nullsFirst = true;
        if (tokens.takeWord("NULLS")) {
            nullsFirst = tokens.takeWord("FIRST");
            if (!nullsFirst) {
                tokens.expectWord("LAST");
            }
        }
        return new Order(expression, descending, nullsFirst);
    }

    private int count() {
        try {
            if (!tokens.peek().text().matches("\\d+")) {
                throw tokens.unexpected("a number");
            }
            int count = Integer.parseInt(tokens.peek().text());
            tokens.next();
            return count;
        } catch (NumberFormatException e) {
            throw tokens.unexpected("a number");
        }
    }

    /** Checks rules of the vendor beyond the grammar. */
    private static void check(Query query) {
        List<Selected> select = query.select();
        boolean hasGroups = select.stream().anyMatch(FieldGroup.class::isInstance);
        boolean isUnbounded = select.stream()
                .anyMatch(selected -> selected instanceof FieldGroup group && group.kind() != FieldGroup.Kind.STANDARD);
        if (isUnbounded && query.limit() > MOST_OF_ALL_FIELDS) {
            throw MalformedQueryException.malformed(
                    "The SOQL FIELDS function must have a LIMIT of at most " + MOST_OF_ALL_FIELDS);
        }
        if (query.isCount() && (!query.orderBy().isEmpty() || !query.groupBy().isEmpty())) {
            throw MalformedQueryException.malformed("COUNT() can't be used with ORDER BY or GROUP BY; use COUNT(Id)");
        }
        if (select.stream().filter(Children.class::isInstance).count() > MOST_SUB_QUERIES) {
            throw MalformedQueryException.malformed("At most " + MOST_SUB_QUERIES + " sub-queries are allowed");
        }
        for (Selected selected : select) {
            if (selected instanceof Children children
                    && (children.query().isCount() || children.query().isAggregate())) {
                throw MalformedQueryException.malformed("Only root queries support aggregate expressions");
            }
        }
        if (!query.isAggregate()) {
            if (select.stream().anyMatch(selected -> selected instanceof Column column && column.alias() != null)) {
                throw MalformedQueryException.malformed("only aggregate expressions use field aliasing");
            }
            if (select.stream()
                    .anyMatch(selected -> selected instanceof Column column
                            && column.expression().function() != null)) {
                throw MalformedQueryException.malformed("A date function is allowed in a query with GROUP BY only");
            }
        } else if (hasGroups || select.stream().anyMatch(Children.class::isInstance)) {
            throw MalformedQueryException.malformed(
                    "FIELDS() and sub-queries can't be used in a query with aggregates");
        } else if (query.groupBy().isEmpty() && (query.isLimited() || query.offset() > 0)) {
            throw MalformedQueryException.malformed(
                    "Non-grouped query that uses overall aggregate functions cannot also use LIMIT");
        }
    }
}
