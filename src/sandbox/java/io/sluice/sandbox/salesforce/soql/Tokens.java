// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.soql;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Reads the words of a SOQL query one after another. */
final class Tokens {

    private final String query;
    private final List<Token> tokens = new ArrayList<>();
    private int at;

    /** Represents one word: a bare one, a quoted text without its quotes, or a symbol. */
    record Token(Kind kind, String text, int position) {
        enum Kind {
            WORD,
            TEXT,
            SYMBOL,
            END
        }
    }

    Tokens(String query) {
        this.query = query;
        int i = 0;
        while (i < query.length()) {
            char c = query.charAt(i);
            if (Character.isWhitespace(c)) {
                i++;
            } else if (c == '\'') {
                i = text(i);
            } else if (isWordPart(c)) {
                i = word(i);
            } else {
                i = symbol(i);
            }
        }
        tokens.add(new Token(Token.Kind.END, "<EOF>", query.length()));
    }

    Token peek() {
        return tokens.get(at);
    }

    Token next() {
        Token token = tokens.get(at);
        if (token.kind() != Token.Kind.END) {
            at++;
        }
        return token;
    }

    boolean isWord(String word) {
        return peek().kind() == Token.Kind.WORD && peek().text().equalsIgnoreCase(word);
    }

    boolean takeWord(String word) {
        boolean is = isWord(word);
        if (is) {
            at++;
        }
        return is;
    }

    boolean takeSymbol(String symbol) {
        boolean is = isSymbol(symbol);
        if (is) {
            at++;
        }
        return is;
    }

    boolean isSymbol(String symbol) {
        return peek().kind() == Token.Kind.SYMBOL && peek().text().equals(symbol);
    }

    /** Whether these symbols follow the next word. */
    boolean follows(String... symbols) {
        for (int i = 0; i < symbols.length; i++) {
            Token token = tokens.get(Math.min(at + 1 + i, tokens.size() - 1));
            if (token.kind() != Token.Kind.SYMBOL || !token.text().equals(symbols[i])) {
                return false;
            }
        }
        return true;
    }

    /** Whether this word follows the next symbol. */
    boolean followsWord(String word) {
        Token token = tokens.get(Math.min(at + 1, tokens.size() - 1));
        return token.kind() == Token.Kind.WORD && token.text().equalsIgnoreCase(word);
    }

    void skip(int count) {
        for (int i = 0; i < count; i++) {
            next();
        }
    }

    void expectWord(String word) {
        if (!takeWord(word)) {
            throw unexpected("'" + word + "'");
        }
    }

    void expectSymbol(String symbol) {
        if (!takeSymbol(symbol)) {
            throw unexpected("'" + symbol + "'");
        }
    }

    String name() {
        if (peek().kind() != Token.Kind.WORD) {
            throw unexpected("a name");
        }
        return next().text();
    }

    MalformedQueryException unexpected(String wanted) {
        Token token = peek();
        return MalformedQueryException.malformed(
                "\n" + query + "\n" + " ".repeat(token.position()) + "^\nERROR at Row:1"
                        + ":Column:" + (token.position() + 1) + "\nunexpected token: '" + token.text() + "' (expecting "
                        + wanted.toLowerCase(Locale.ROOT) + ")");
    }

    private static boolean isWordPart(char c) {
        return Character.isLetterOrDigit(c) || c == '_' || c == '.' || c == ':' || c == '-' || c == '+';
    }

    private int word(int from) {
        int end = from;
        while (end < query.length() && isWordPart(query.charAt(end))) {
            end++;
        }
        tokens.add(new Token(Token.Kind.WORD, query.substring(from, end), from));
        return end;
    }

    private int text(int from) {
        StringBuilder text = new StringBuilder();
        int i = from + 1;
        while (i < query.length() && query.charAt(i) != '\'') {
            char c = query.charAt(i++);
            if (c == '\\' && i < query.length()) {
                char escaped = query.charAt(i++);
                switch (escaped) {
                    case 'n' -> text.append('\n');
                    case 'r' -> text.append('\r');
                    case 't' -> text.append('\t');
                    case 'b' -> text.append('\b');
                    case 'f' -> text.append('\f');
                    // an escaped wildcard keeps its escape for LIKE
                    case '_', '%' -> text.append('\\').append(escaped);
                    case 'u' -> {
                        if (i + 4 > query.length() || !query.substring(i, i + 4).matches("[0-9A-Fa-f]{4}")) {
                            throw MalformedQueryException.malformed("Illegal unicode escape in string literal");
                        }
                        text.append((char) Integer.parseInt(query.substring(i, i + 4), 16));
                        i += 4;
                    }
                    case '\'', '"', '\\' -> text.append(escaped);
                    default ->
                        throw MalformedQueryException.malformed(
                                "Illegal escape '\\" + escaped + "' in string literal at Column:" + (i - 1));
                }
            } else {
                text.append(c);
            }
        }
        if (i >= query.length()) {
            throw MalformedQueryException.malformed(
                    "Bind variables only allowed in Apex code; unterminated string at " + "Column:" + (from + 1));
        }
        tokens.add(new Token(Token.Kind.TEXT, text.toString(), from));
        return i + 1;
    }

    private int symbol(int from) {
        String two = query.substring(from, Math.min(query.length(), from + 2));
        String symbol = List.of("<=", ">=", "!=", "<>").contains(two) ? two : two.substring(0, 1);
        if (!"()=<>!,".contains(symbol.substring(0, 1))) {
            throw MalformedQueryException.malformed("unexpected char: '" + symbol + "' at Column:" + (from + 1));
        }
        tokens.add(new Token(Token.Kind.SYMBOL, symbol, from));
        return from + symbol.length();
    }
}
