// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * Says in one sentence why a text is no YAML, with the line that is wrong: the parser names the line at which it noticed. Pure
 * functions.
 */
final class YamlMistakes {

    private static final Pattern TWO_COLONS = Pattern.compile("^\\s*(?:- )?[\\w.'\"-]+:\\s+([^'\"\\s#].*:(\\s.*|$))");
    private static final Pattern NO_COLON = Pattern.compile("^\\s*(?:- )?([\\w.-]+)(:|\\s+)(\\S.*?)\\s*$");
    private static final Pattern FOREIGN_BLANK = Pattern.compile("^[ \\t]*[\\u00a0\\u2007\\u202f\\u3000]");

    private YamlMistakes() {}

    /** Finds what the parser's message would hide. @return null if there is nothing of that kind */
    static String beforeParsing(String text) {
        String[] lines = text.split("\\R", -1);
        for (int i = 0; i < lines.length; i++) {
            if (lines[i].matches("(<{7}|={7}|>{7}|\\|{7})( .*)?")) {
                return at(
                        i,
                        "a merge left its mark '" + lines[i].substring(0, 7)
                                + "' there; decide which of the lines stay, and delete the marks");
            }
            if (lines[i].matches(" *\\t\\s*\\S.*")) {
                return at(
                        i,
                        "it begins with a tab, which YAML does not take; begin it with blanks like the lines around it");
            }
            if (FOREIGN_BLANK.matcher(lines[i]).find()) {
                return at(
                        i,
                        "it begins with a blank of another kind, as text that was copied from a page has; type the blanks"
                                + " again");
            }
            int odd = indexOfControl(lines[i]);
            if (odd >= 0) {
                return at(i, "character " + (odd + 1) + " is none of a text; delete it, or write the file again");
            }
        }
        return null;
    }

    private static int indexOfControl(String line) {
        for (int i = 0; i < line.length(); i++) {
            char each = line.charAt(i);
            if (each < ' ' && each != '\t' || each == '\u007f' || each == '\ufffe' || each == '\uffff') {
                return i;
            }
        }
        return -1;
    }

    /** Explains the parser's exception. */
    static String explained(YamlEngineException failure, String text) {
        Matcher alias = Pattern.compile("undefined alias (\\S+)").matcher(String.valueOf(failure.getMessage()));
        if (alias.find()) {
            return at(
                    Math.max(0, lineWith(text, "*" + alias.group(1))),
                    "a value can't begin with *; put the value into quotes");
        }
        if (!(failure instanceof MarkedYamlEngineException marked)) {
            return at(
                    0,
                    "the file is no YAML ("
                            + String.valueOf(failure.getMessage())
                                    .lines()
                                    .findFirst()
                                    .orElse("")
                                    .strip() + ")");
        }
        String[] lines = text.split("\\R", -1);
        String problem = String.valueOf(marked.getProblem());
        String context = String.valueOf(marked.getContext());
        int noticed = marked.getProblemMark().map(Mark::getLine).orElse(0);
        int begun = marked.getContextMark().map(Mark::getLine).orElse(noticed);
        if (context.contains("quoted scalar")) {
            return at(begun, "the quote that opens there is not closed; close it at the end of the value");
        }
        if (context.contains("flow ")) {
            boolean list = context.contains("sequence");
            return at(
                    begun,
                    "the " + (list ? "[" : "{")
                            + " that opens there is not closed, or a comma is missing after it; write "
                            + (list ? "the values" : "'column: CRM field'") + " on lines of their own, without "
                            + (list ? "brackets" : "braces"));
        }
        if (context.contains("simple key")) {
            return noColon(lines, begun);
        }
        if (problem.contains("cannot start any token")) {
            return at(noticed, "a value can't begin with " + character(problem) + "; put the value into quotes");
        }
        if (problem.contains("mapping values are not allowed")) {
            if (TWO_COLONS.matcher(lines[noticed]).find()) {
                return at(noticed, "a colon stands in the value; put the value into quotes");
            }
            return indentation(lines, noticed);
        }
        if (noticed < lines.length
                && lines[noticed].matches("^\\s*(- )?[\\w.-]+:\\s+(\"[^\"]*\"|'[^']*')\\s*[^#\\s].*")) {
            return at(
                    noticed,
                    "text follows the quote that closes the value; put the whole value into quotes, such as"
                            + " \"tier = 'gold'\"");
        }
        if (context.contains("block")) {
            return indentation(lines, Math.min(noticed, lines.length - 1));
        }
        return at(noticed, problem);
    }

    private static String character(String problem) {
        Matcher found = Pattern.compile("'(.)").matcher(problem);
        return found.find() ? found.group(1) : "this character";
    }

    private static String noColon(String[] lines, int line) {
        Matcher read = NO_COLON.matcher(lines[line]);
        return at(
                line,
                read.matches()
                        ? "a colon with a blank after it is missing; write " + read.group(1) + ": " + read.group(3)
                        : "a colon with a blank after it is missing; write it as name: value");
    }

    /** Names the line whose indentation differs from both neighbours, which may be the one above the noticed line. */
    private static String indentation(String[] lines, int noticed) {
        int above = neighbour(lines, noticed, -1);
        int second = above < 0 ? -1 : neighbour(lines, above, -1);
        int own = indent(lines[noticed]);
        if (above >= 0 && second >= 0 && indent(lines[second]) == own && indent(lines[above]) != own) {
            return misplaced(lines, above, own);
        }
        if (above >= 0 && lines[above].matches("\\s*[^-#\\s][^:]*")) {
            return noColon(lines, above);
        }
        int below = neighbour(lines, noticed, 1);
        int right = below >= 0 && above >= 0 && indent(lines[below]) > indent(lines[above])
                ? indent(lines[below])
                : above >= 0 ? indent(lines[above]) : 0;
        return right == own && above >= 0 ? misplaced(lines, above, own) : misplaced(lines, noticed, right);
    }

    private static String misplaced(String[] lines, int line, int right) {
        int dash = lines[line].strip().startsWith("- ") ? 2 : 0;
        return at(
                line,
                "it is indented by " + blanks(indent(lines[line]) - dash)
                        + ", which fits none of the lines around it; indent it by "
                        + blanks(Math.max(0, right - dash)));
    }

    static String blanks(int number) {
        return number == 0 ? "no blank" : number == 1 ? "1 blank" : number + " blanks";
    }

    private static int neighbour(String[] lines, int line, int step) {
        int at = line + step;
        while (at >= 0 && at < lines.length && lines[at].matches("\\s*(#.*)?")) {
            at += step;
        }
        return at >= 0 && at < lines.length ? at : -1;
    }

    /** The column of the first word, so that the dash of a list counts as a blank. */
    private static int indent(String line) {
        int at = 0;
        while (at < line.length() && (line.charAt(at) == ' ' || line.startsWith("- ", at))) {
            at++;
        }
        return at;
    }

    static int lineWith(String text, String part) {
        List<String> lines = List.of(text.split("\\R", -1));
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).contains(part)) {
                return i;
            }
        }
        return -1;
    }

    /** @param line number of the line, from 0 */
    static String at(int line, String sentence) {
        return "line " + (line + 1) + ": " + sentence;
    }
}
