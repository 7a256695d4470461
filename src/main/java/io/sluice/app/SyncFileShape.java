// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static io.sluice.app.YamlMistakes.at;

import io.sluice.Suggestion;
import io.sluice.Sync;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * Finds what makes Camel reject the file of a sync, before Camel reads it: its own messages have a stack trace, or name no line.
 * Pure functions; a sentence each, which begins with the line.
 */
final class SyncFileShape {

    private static final String SYNC = Sync.class.getName();
    private static final String BEANS = "beans";

    /** What may stand at the top of a file (the schema camelYamlDsl.json of camel-yaml-dsl). */
    private static final Set<String> TOP = Set.of(
            BEANS,
            "dataFormats",
            "errorHandler",
            "from",
            "intercept",
            "interceptFrom",
            "interceptSendToEndpoint",
            "onCompletion",
            "onException",
            "routeConfiguration",
            "route",
            "routeTemplate",
            "templatedRoute",
            "restConfiguration",
            "rest");

    /** What a bean may have, by the same schema. */
    private static final Set<String> OF_BEAN = Set.of(
            "builderClass",
            "builderMethod",
            "constructors",
            "destroyMethod",
            "factoryBean",
            "factoryMethod",
            "initMethod",
            "name",
            "properties",
            "script",
            "scriptLanguage",
            "scriptPropertyPlaceholders",
            "type");

    private static final Pattern LINE = Pattern.compile("^\\s*(?:- )?\\s*(\\w+)\\s*:\\s+['\"]?([^'\"#\\s]+).*$");
    private static final int NEAR = 3;

    private final List<String> mistakes = new ArrayList<>();

    private SyncFileShape() {}

    /** Returns the mistakes of a file of syncs; empty where Camel can read it. */
    static List<String> mistakes(String text) {
        String hidden = YamlMistakes.beforeParsing(text);
        if (hidden != null) {
            return List.of(hidden);
        }
        try {
            List<Node> documents = new ArrayList<>();
            new Compose(LoadSettings.builder().build())
                    .composeAllFromString(text)
                    .forEach(documents::add);
            SyncFileShape shape = new SyncFileShape();
            shape.check(documents, text);
            return shape.mistakes;
        } catch (YamlEngineException notYaml) {
            return List.of(YamlMistakes.explained(notYaml, text));
        }
    }

    /**
     * Reads as much of the syncs in a file as its single lines tell, for a file that can't be read as a whole: their names, and
     * what identifies their tables and objects.
     */
    static List<Sync> outlines(String text) {
        List<Sync> syncs = new ArrayList<>();
        Sync sync = null;
        for (String line : text.split("\\R")) {
            Matcher read = LINE.matcher(line);
            if (read.matches() && read.group(1).equals("name")) {
                sync = new Sync();
                sync.setName(read.group(2));
                syncs.add(sync);
            } else if (read.matches() && sync != null) {
                outline(sync, read.group(1), read.group(2));
            }
        }
        return syncs;
    }

    private static void outline(Sync sync, String property, String value) {
        switch (property) {
            case "table" -> sync.setTable(value);
            case "key" -> sync.setKey(value);
            case "account" -> sync.setAccount(value);
            case "object" -> sync.setObject(value);
            case "externalId" -> sync.setExternalId(value);
            default -> {
                // only what identifies it
            }
        }
    }

    private void check(List<Node> documents, String text) {
        if (documents.isEmpty() || documents.size() == 1 && isNull(documents.get(0))) {
            mistakes.add(at(0, "the file is empty; write a sync into it, or delete it"));
            return;
        }
        if (documents.size() > 1) {
            mistakes.add(at(
                    secondDocument(text),
                    "'---' begins a second document, and Camel reads one of a file; delete the line, or put what follows into a"
                            + " file of its own"));
            return;
        }
        Node root = documents.get(0);
        if (root instanceof SequenceNode items) {
            items.getValue().forEach(this::item);
        } else if (root instanceof MappingNode mapping) {
            Map<String, NodeTuple> entries = entries(mapping);
            if (!entries.containsKey("apiVersion")) {
                String first = entries.keySet().iterator().next();
                mistakes.add(at(
                        line(mapping),
                        TOP.contains(first)
                                ? "a dash is missing before " + first + "; write - " + first + ":"
                                : "'" + first + "' has no place at the top; a file of a sync begins with - beans:"));
            }
        } else {
            mistakes.add(at(line(root), "a text stands where the beans should; begin the file with - beans:"));
        }
    }

    private static int secondDocument(String text) {
        String[] lines = text.split("\\R", -1);
        for (int i = 1; i < lines.length; i++) {
            if (lines[i].startsWith("---") && Arrays.stream(lines, 0, i).anyMatch(it -> it.matches("[^#-].*|- .*"))) {
                return i;
            }
        }
        return 0;
    }

    private void item(Node item) {
        if (!(item instanceof MappingNode mapping)) {
            mistakes.add(at(line(item), "a text stands where the beans should; begin the file with - beans:"));
            return;
        }
        entries(mapping).forEach((name, entry) -> {
            if (!TOP.contains(name)) {
                mistakes.add(at(line(entry.getKeyNode()), unknown(name, TOP)));
            } else if (name.equals(BEANS)) {
                beans(entry);
            } else if (entry.getValueNode() instanceof SequenceNode list && name.startsWith("route")) {
                mistakes.add(
                        at(line(list), name + " is a list; write its lines without a dash, or - beans: before syncs"));
            }
        });
    }

    private void beans(NodeTuple entry) {
        int line = line(entry.getKeyNode());
        if (entry.getValueNode() instanceof SequenceNode list) {
            if (list.getValue().isEmpty()) {
                mistakes.add(at(line, "beans is empty; write a sync below it, which begins with - name:"));
            }
            list.getValue().forEach(this::bean);
        } else if (entry.getValueNode() instanceof MappingNode mapping) {
            String first = entries(mapping).keySet().iterator().next();
            mistakes.add(at(
                    line(mapping),
                    "a dash is missing; beans is a list, in which each bean begins with - name:"
                            + (OF_BEAN.contains(first) ? "" : " and no name before that")));
        } else {
            mistakes.add(at(
                    line,
                    isNull(entry.getValueNode())
                            ? "beans is empty; write a sync below it, which begins with - name:"
                            : "beans is a text; write a sync below it, which begins with - name:"));
        }
    }

    private void bean(Node bean) {
        if (!(bean instanceof MappingNode mapping)) {
            mistakes.add(
                    at(line(bean), "this is no bean; write its name, type and properties, and begin with - name:"));
            return;
        }
        Map<String, NodeTuple> entries = entries(mapping);
        Node properties =
                entries.containsKey("properties") ? entries.get("properties").getValueNode() : null;
        entries.forEach((name, entry) -> {
            if (!OF_BEAN.contains(name)) {
                mistakes.add(at(
                        line(entry.getKeyNode()),
                        SyncConfigurer.isProperty(name)
                                ? "'" + name + "' is a property and stands beside 'properties'; indent it "
                                        + (properties instanceof MappingNode
                                                ? "by " + YamlMistakes.blanks(column(properties))
                                                : "more than 'properties'")
                                : "a bean has no '" + name + "'" + Suggestion.hint(name, near(name, OF_BEAN))));
            }
        });
        String name = text(entries.get("name"));
        String type = text(entries.get("type"));
        if (name == null || name.isBlank()) {
            mistakes.add(at(line(mapping), "the bean has no name; begin it with - name: and a name of your choice"));
        }
        if (type == null || type.isBlank()) {
            mistakes.add(at(line(mapping), "the bean has no type; write type: " + SYNC + " below its name"));
        } else if (isNearlySync(type)) {
            mistakes.add(at(
                    line(entries.get("type").getKeyNode()),
                    "there is no type '" + type + "'; did you mean " + SYNC + "?"));
        } else if (isSync(type) && mistakes.isEmpty()) {
            properties(mapping, properties);
        }
    }

    private void properties(MappingNode bean, Node properties) {
        if (properties == null || isNull(properties)) {
            mistakes.add(at(
                    properties == null ? line(bean) : line(properties),
                    "the sync has no properties; write table, key, account, object, externalId and fields below"
                            + " 'properties:', indented more than it"));
        } else if (properties instanceof MappingNode mapping) {
            mapping.getValue().forEach(this::property);
        } else {
            mistakes.add(at(
                    line(properties),
                    properties instanceof SequenceNode
                            ? "properties is a list; write its lines without a dash, as name: value"
                            : "properties is a text; write one line for each property, as name: value"));
        }
    }

    private void property(NodeTuple entry) {
        String name = text(entry.getKeyNode());
        Node value = entry.getValueNode();
        if (value instanceof SequenceNode list) {
            mistakes.add(at(
                    line(list),
                    name + " is a list; "
                            + ("fields".equals(name)
                                    ? "write its lines without a dash, as column: CRM field"
                                    : "write " + name + ": and one word or text after it")));
        } else if ("fields".equals(name) && value instanceof MappingNode fields) {
            fields.getValue().stream()
                    .filter(field -> !(field.getValueNode() instanceof ScalarNode))
                    .forEach(field -> mistakes.add(at(
                            line(field.getKeyNode()),
                            "column '" + text(field.getKeyNode()) + "' has "
                                    + (field.getValueNode() instanceof SequenceNode ? "a list" : "lines of its own")
                                    + "; write one CRM field after its colon")));
        }
    }

    private static String unknown(String name, Set<String> known) {
        return "there is no '" + name + "'" + Suggestion.hint(name, near(name, known));
    }

    /** The names that are meant most probably, lest a suggestion is longer than its cause. */
    private static List<String> near(String name, Set<String> known) {
        List<String> near = known.stream()
                .filter(it -> Suggestion.distance(name, it) <= NEAR)
                .toList();
        return near.isEmpty() ? List.copyOf(known) : near;
    }

    static boolean isSync(String type) {
        return type.equals(SYNC) || type.equals("#class:" + SYNC);
    }

    private static boolean isNearlySync(String type) {
        String plain = type.replaceFirst("^#class:", "");
        return !plain.equals(SYNC)
                && (Suggestion.distance(plain, SYNC) <= NEAR
                        || plain.substring(plain.lastIndexOf('.') + 1).equalsIgnoreCase("Sync"));
    }

    private static Map<String, NodeTuple> entries(MappingNode mapping) {
        Map<String, NodeTuple> entries = new LinkedHashMap<>();
        mapping.getValue().forEach(entry -> entries.putIfAbsent(String.valueOf(text(entry.getKeyNode())), entry));
        return entries;
    }

    private static String text(NodeTuple entry) {
        return entry == null ? null : text(entry.getValueNode());
    }

    private static String text(Node node) {
        return node instanceof ScalarNode scalar && !isNull(node) ? scalar.getValue() : null;
    }

    private static boolean isNull(Node node) {
        return node instanceof ScalarNode scalar && scalar.getTag().equals(org.snakeyaml.engine.v2.nodes.Tag.NULL);
    }

    static int line(Node node) {
        return node.getStartMark().map(Mark::getLine).orElse(0);
    }

    private static int column(Node node) {
        return node.getStartMark().map(Mark::getColumn).orElse(0);
    }
}
