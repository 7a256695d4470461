// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.soql;

import io.sluice.sandbox.salesforce.soql.Query.Among;
import io.sluice.sandbox.salesforce.soql.Query.And;
import io.sluice.sandbox.salesforce.soql.Query.Compare;
import io.sluice.sandbox.salesforce.soql.Query.Condition;
import io.sluice.sandbox.salesforce.soql.Query.Expression;
import io.sluice.sandbox.salesforce.soql.Query.Joined;
import io.sluice.sandbox.salesforce.soql.Query.Not;
import io.sluice.sandbox.salesforce.soql.Query.Operator;
import io.sluice.sandbox.salesforce.soql.Query.Or;
import io.sluice.sandbox.store.FieldType;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Turns a condition into a test of rows, or of groups of rows. */
final class Filter<T> {

    private final Function<Expression, Operand<T>> operands;
    private final Function<Joined, Predicate<T>> joins;
    private final long nowMillis;

    /**
     * @param operands looks up what a condition is about
     * @param joins    makes the test of a semi-join
     */
    Filter(Function<Expression, Operand<T>> operands, Function<Joined, Predicate<T>> joins, long nowMillis) {
        this.operands = operands;
        this.joins = joins;
        this.nowMillis = nowMillis;
    }

    Predicate<T> of(Condition condition) {
        if (condition instanceof And and) {
            return and.all().stream().map(this::of).reduce(Predicate::and).orElseThrow();
        }
        if (condition instanceof Or or) {
            return or.any().stream().map(this::of).reduce(Predicate::or).orElseThrow();
        }
        if (condition instanceof Not not) {
            return of(not.condition()).negate();
        }
        if (condition instanceof Joined joined) {
            return joins.apply(joined);
        }
        return condition instanceof Among among ? among(among) : comparison((Compare) condition);
    }

    private Predicate<T> comparison(Compare compare) {
        Operand<T> operand = operands.apply(compare.left());
        if (compare.operator() == Operator.LIKE) {
            return like(operand, compare);
        }
        boolean ordered = compare.operator() != Operator.EQUAL && compare.operator() != Operator.UNEQUAL;
        if (ordered
                && (operand.field().type() == FieldType.BOOLEAN
                        || operand.field().type() == FieldType.MULTIPICKLIST)) {
            throw invalidOperator(operand);
        }
        Values.Span span = Values.literal(operand.field(), compare.literal(), nowMillis);
        if (span.first() == null) {
            return switch (compare.operator()) {
                case EQUAL -> one -> operand.reader().apply(one) == null;
                case UNEQUAL -> one -> operand.reader().apply(one) != null;
                default -> throw MalformedQueryException.malformed("null can be compared with = and != only");
            };
        }
        return switch (compare.operator()) {
            case EQUAL ->
                one -> {
                    Object value = operand.comparable(one);
                    return value != null
                            && Values.compare(value, span.first()) >= 0
                            && Values.compare(value, span.last()) <= 0;
                };
            case UNEQUAL ->
                one -> {
                    Object value = operand.comparable(one);
                    return value == null
                            || Values.compare(value, span.first()) < 0
                            || Values.compare(value, span.last()) > 0;
                };
            case LESS -> one -> test(operand, one, value -> Values.compare(value, span.first()) < 0);
            case LESS_OR_EQUAL -> one -> test(operand, one, value -> Values.compare(value, span.last()) <= 0);
            case GREATER -> one -> test(operand, one, value -> Values.compare(value, span.last()) > 0);
            default -> one -> test(operand, one, value -> Values.compare(value, span.first()) >= 0);
        };
    }

    private Predicate<T> among(Among among) {
        Operand<T> operand = operands.apply(among.left());
        if (among.parts()) {
            if (operand.field().type() != FieldType.MULTIPICKLIST) {
                throw invalidOperator(operand);
            }
            List<List<String>> wanted =
                    among.literals().stream().map(l -> parts(l.text())).toList();
            return one -> {
                Object value = operand.reader().apply(one);
                List<String> present = value == null ? List.of() : parts(value.toString());
                return among.negated() != wanted.stream().anyMatch(present::containsAll);
            };
        }
        List<Values.Span> spans = among.literals().stream()
                .map(literal -> Values.literal(operand.field(), literal, nowMillis))
                .toList();
        if (spans.stream().anyMatch(span -> span.first() != span.last())) {
            // a literal such as TODAY
            return one -> {
                Object value = operand.comparable(one);
                return among.negated()
                        != (value != null
                                && spans.stream()
                                        .anyMatch(span -> span.first() != null
                                                && Values.compare(value, span.first()) >= 0
                                                && Values.compare(value, span.last()) <= 0));
            };
        }
        Set<Object> wanted = new HashSet<>();
        spans.forEach(span -> wanted.add(span.first()));
        return one -> among.negated() != wanted.contains(operand.comparable(one));
    }

    private static List<String> parts(String text) {
        return text == null
                ? List.of()
                : Arrays.stream(text.toLowerCase(Locale.ROOT).split(";"))
                        .map(String::strip)
                        .toList();
    }

    private static <T> Predicate<T> like(Operand<T> operand, Compare compare) {
        String text = compare.literal().text();
        if (!operand.field().type().isText() || operand.field().type() == FieldType.MULTIPICKLIST) {
            throw invalidOperator(operand);
        }
        if (compare.literal().kind() != Query.Literal.Kind.TEXT) {
            throw new MalformedQueryException(
                    "INVALID_FIELD",
                    "value of filter criterion for field '" + operand.field().name()
                            + "' must be of type string and should be enclosed in quotes");
        }
        StringBuilder regex = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\' && i + 1 < text.length()) {
                regex.append(Pattern.quote(String.valueOf(text.charAt(++i))));
            } else {
                regex.append(c == '%' ? ".*" : c == '_' ? "." : Pattern.quote(String.valueOf(c)));
            }
        }
        Pattern pattern =
                Pattern.compile(regex.toString(), Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE | Pattern.DOTALL);
        return one -> {
            Object value = operand.reader().apply(one);
            return value != null && pattern.matcher(value.toString()).matches();
        };
    }

    private static MalformedQueryException invalidOperator(Operand<?> operand) {
        return new MalformedQueryException(
                "INVALID_QUERY_FILTER_OPERATOR",
                "invalid operator on " + operand.field().type().wireName() + " field");
    }

    private static <T> boolean test(Operand<T> operand, T one, Predicate<Object> comparison) {
        Object value = operand.comparable(one);
        return value != null && comparison.test(value);
    }
}
