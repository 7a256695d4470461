package io.sluice.sandbox.salesforce.soql;

import io.sluice.sandbox.salesforce.soql.Query.Among;
import io.sluice.sandbox.salesforce.soql.Query.And;
import io.sluice.sandbox.salesforce.soql.Query.Compare;
import io.sluice.sandbox.salesforce.soql.Query.Condition;
import io.sluice.sandbox.salesforce.soql.Query.Not;
import io.sluice.sandbox.salesforce.soql.Query.Operator;
import io.sluice.sandbox.salesforce.soql.Query.Or;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Makes a condition into a test of rows. */
final class Filter {

    private final Store store;
    private final Table table;

    Filter(Store store, Table table) {
        this.store = store;
        this.table = table;
    }

    Predicate<Row> of(Condition condition) {
        if (condition instanceof And and) {
            return and.all().stream().map(this::of).reduce(Predicate::and).orElseThrow();
        }
        if (condition instanceof Or or) {
            return or.any().stream().map(this::of).reduce(Predicate::or).orElseThrow();
        }
        if (condition instanceof Not not) {
            return of(not.condition()).negate();
        }
        return condition instanceof Among among ? among(among) : comparison((Compare) condition);
    }

    private Predicate<Row> comparison(Compare compare) {
        Path path = Path.resolve(store, table, compare.path());
        if (compare.operator() == Operator.LIKE) {
            return like(path, compare.literal().text());
        }
        Values.Span span = Values.literal(path.field(), compare.literal(), store.now());
        if (span.first() == null) {
            return switch (compare.operator()) {
                case EQUAL -> row -> path.read(row) == null;
                case UNEQUAL -> row -> path.read(row) != null;
                default -> throw MalformedQueryException.malformed("null can be compared with = and != only");
            };
        }
        return switch (compare.operator()) {
            case EQUAL -> row -> {
                Object value = value(path, row);
                return value != null && Values.compare(value, span.first()) >= 0
                        && Values.compare(value, span.last()) <= 0;
            };
            case UNEQUAL -> row -> {
                Object value = value(path, row);
                return value == null || Values.compare(value, span.first()) < 0
                        || Values.compare(value, span.last()) > 0;
            };
            case LESS -> row -> test(path, row, value -> Values.compare(value, span.first()) < 0);
            case LESS_OR_EQUAL -> row -> test(path, row, value -> Values.compare(value, span.last()) <= 0);
            case GREATER -> row -> test(path, row, value -> Values.compare(value, span.last()) > 0);
            default -> row -> test(path, row, value -> Values.compare(value, span.first()) >= 0);
        };
    }

    private Predicate<Row> among(Among among) {
        Path path = Path.resolve(store, table, among.path());
        if (among.parts()) {
            List<List<String>> wanted = among.literals().stream().map(l -> parts(l.text())).toList();
            return row -> {
                Object value = path.read(row);
                List<String> present = value == null ? List.of() : parts(value.toString());
                return among.negated() != wanted.stream().anyMatch(present::containsAll);
            };
        }
        Set<Object> wanted = new HashSet<>();
        among.literals().forEach(l -> wanted.add(Values.literal(path.field(), l, store.now()).first()));
        return row -> among.negated() != wanted.contains(value(path, row));
    }

    private static List<String> parts(String text) {
        return Arrays.stream(text.toLowerCase(Locale.ROOT).split(";")).map(String::strip).toList();
    }

    private static Predicate<Row> like(Path path, String text) {
        if (!path.field().type().isText()) {
            throw new MalformedQueryException("INVALID_QUERY_FILTER_OPERATOR", "invalid operator on "
                    + path.field().type().wireName() + " field");
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
        Pattern pattern = Pattern.compile(regex.toString(),
                Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE | Pattern.DOTALL);
        return row -> {
            Object value = path.read(row);
            return value != null && pattern.matcher(value.toString()).matches();
        };
    }

    private static boolean test(Path path, Row row, Predicate<Object> comparison) {
        Object value = value(path, row);
        return value != null && comparison.test(value);
    }

    private static Object value(Path path, Row row) {
        return Values.comparable(path.field(), path.read(row));
    }
}
