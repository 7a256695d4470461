package io.sluice.sandbox.salesforce.soql;

import io.sluice.sandbox.salesforce.soql.Query.Among;
import io.sluice.sandbox.salesforce.soql.Query.And;
import io.sluice.sandbox.salesforce.soql.Query.Compare;
import io.sluice.sandbox.salesforce.soql.Query.Condition;
import io.sluice.sandbox.salesforce.soql.Query.Literal;
import io.sluice.sandbox.salesforce.soql.Query.Not;
import io.sluice.sandbox.salesforce.soql.Query.Operator;
import io.sluice.sandbox.salesforce.soql.Query.Or;
import io.sluice.sandbox.salesforce.soql.Query.Order;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads the part of SOQL that a sync needs: fields with parents, COUNT(), WHERE, ORDER BY, LIMIT and OFFSET, by the
 * grammar of the SOQL and SOSL Reference. Sub-queries, grouping and other aggregates are MALFORMED_QUERY here.
 */
public final class Parser {

    private final Tokens tokens;

    private Parser(String query) {
        this.tokens = new Tokens(query);
    }

    /** @throws MalformedQueryException when the query does not follow the grammar */
    public static Query parse(String query) {
        return new Parser(query).query();
    }

    private Query query() {
        tokens.expectWord("SELECT");
        List<String> select = select();
        tokens.expectWord("FROM");
        String from = tokens.name();
        Optional<Condition> where = tokens.takeWord("WHERE") ? Optional.of(any()) : Optional.empty();
        List<Order> orderBy = new ArrayList<>();
        if (tokens.takeWord("ORDER")) {
            tokens.expectWord("BY");
            do {
                orderBy.add(order());
            } while (tokens.takeSymbol(","));
        }
        int limit = tokens.takeWord("LIMIT") ? count() : Integer.MAX_VALUE;
        int offset = tokens.takeWord("OFFSET") ? count() : 0;
        if (offset > 2000) {
            throw new MalformedQueryException("NUMBER_OUTSIDE_VALID_RANGE",
                    "Maximum SOQL offset allowed is 2000");
        }
        if (tokens.takeWord("ALL")) {
            tokens.expectWord("ROWS");
        }
        if (tokens.peek().kind() != Tokens.Token.Kind.END) {
            throw tokens.unexpected("the end");
        }
        return new Query(select, from, where, orderBy, limit, offset);
    }

    private List<String> select() {
        List<String> select = new ArrayList<>();
        do {
            String name = tokens.name();
            if (tokens.takeSymbol("(")) {
                if (!"COUNT".equalsIgnoreCase(name) || !select.isEmpty()) {
                    throw tokens.unexpected("a field");
                }
                tokens.expectSymbol(")");
                return List.of();
            }
            select.add(name);
        } while (tokens.takeSymbol(","));
        return select;
    }

    private Condition any() {
        List<Condition> any = new ArrayList<>(List.of(all()));
        while (tokens.takeWord("OR")) {
            any.add(all());
        }
        return any.size() == 1 ? any.get(0) : new Or(any);
    }

    private Condition all() {
        List<Condition> all = new ArrayList<>(List.of(one()));
        while (tokens.takeWord("AND")) {
            all.add(one());
        }
        return all.size() == 1 ? all.get(0) : new And(all);
    }

    private Condition one() {
        if (tokens.takeWord("NOT")) {
            return new Not(one());
        }
        if (tokens.takeSymbol("(")) {
            Condition inner = any();
            tokens.expectSymbol(")");
            return inner;
        }
        String path = tokens.name();
        boolean negated = tokens.takeWord("NOT");
        if (tokens.takeWord("IN")) {
            return new Among(path, negated, false, literals());
        }
        if (negated) {
            throw tokens.unexpected("'IN'");
        }
        if (tokens.takeWord("INCLUDES")) {
            return new Among(path, false, true, literals());
        }
        if (tokens.takeWord("EXCLUDES")) {
            return new Among(path, true, true, literals());
        }
        return new Compare(path, operator(), literal());
    }

    private Operator operator() {
        if (tokens.takeWord("LIKE")) {
            return Operator.LIKE;
        }
        String symbol = tokens.peek().kind() == Tokens.Token.Kind.SYMBOL ? tokens.peek().text() : "";
        Operator operator = switch (symbol) {
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
        Literal literal = switch (token.kind()) {
            case TEXT -> new Literal(Literal.Kind.TEXT, token.text());
            case WORD -> "null".equalsIgnoreCase(token.text()) ? new Literal(Literal.Kind.NULL, null)
                    : new Literal(Literal.Kind.BARE, token.text());
            default -> throw tokens.unexpected("a value");
        };
        tokens.next();
        return literal;
    }

    private Order order() {
        String path = tokens.name();
        boolean descending = tokens.takeWord("DESC");
        if (!descending) {
            tokens.takeWord("ASC");
        }
        boolean nullsFirst = !descending;
        if (tokens.takeWord("NULLS")) {
            nullsFirst = tokens.takeWord("FIRST");
            if (!nullsFirst) {
                tokens.expectWord("LAST");
            }
        }
        return new Order(path, descending, nullsFirst);
    }

    private int count() {
        try {
            int count = Integer.parseInt(tokens.peek().text());
            tokens.next();
            return count;
        } catch (NumberFormatException e) {
            throw tokens.unexpected("a number");
        }
    }
}
