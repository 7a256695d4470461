// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import io.sluice.Sync;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * Reads the beans that the files of a folder declare from the files themselves: in Camel's registry a duplicate name, or a
 * column that is named twice, has silently lost one of the two.
 */
final class SyncFiles {

    /**
     * A bean in a file.
     *
     * @param line   number of its first line, from 0
     * @param lines  number of the line of each property, by its name in camel case
     * @param fields lines of {@code fields}; null where these are no lines of texts
     */
    private record Declaration(
            String name,
            String type,
            Path file,
            int line,
            List<String> twice,
            Map<String, Integer> lines,
            Map<String, String> fields) {

        String place() {
            return file + ", line " + (line + 1);
        }
    }

    /** Names of files that Camel would read if they ended otherwise. */
    private static final Pattern WRONG_SUFFIX = Pattern.compile("(?i)(.+?)(\\.camel)?\\.ya?ml");

    private static final String COLUMN =
            "there is no property '%s', and fields is empty; if it is a column, indent it more than fields";

    private final List<Declaration> declarations = new ArrayList<>();

    SyncFiles(Path folder) {
        if (!Files.isDirectory(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile)
                    .filter(it -> !isHidden(folder.relativize(it)))
                    .filter(it -> it.toString().endsWith(RouteFileLoader.SUFFIX))
                    .sorted()
                    .toList()) {
                read(file);
            }
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** Kubernetes mounts a ConfigMap as links to files in a folder whose name begins with two dots, which has them again. */
    private static boolean isHidden(Path file) {
        return StreamSupport.stream(file.spliterator(), false)
                .anyMatch(part -> part.toString().startsWith("."));
    }

    /** Names the files that do not belong in a folder of routes, a sentence each. @param deep whether the folders in it belong too */
    static List<String> strays(Path folder, boolean deep) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(folder, deep ? Integer.MAX_VALUE : 1)) {
            return files.filter(Files::isRegularFile)
                    .filter(it -> !isHidden(folder.relativize(it).resolveSibling("x")))
                    .filter(it -> isHidden(it.getFileName())
                            || !it.getFileName().toString().endsWith(RouteFileLoader.SUFFIX))
                    .sorted()
                    .map(SyncFiles::stray)
                    .toList();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static String stray(Path file) {
        String name = file.getFileName().toString();
        Matcher renamed = WRONG_SUFFIX.matcher(name);
        if (isHidden(file.getFileName())) {
            return file + " is passed over, because its name begins with a dot.";
        }
        return file + " is passed over, because its name does not end with " + RouteFileLoader.SUFFIX + "."
                + (renamed.matches()
                        ? " If it holds a sync or routes, rename it to " + renamed.group(1) + RouteFileLoader.SUFFIX
                                + " and start again."
                        : "");
    }

    /** @return null when no file there declares it */
    String declaring(String bean) {
        return declarations.stream()
                .filter(it -> it.name().equals(bean))
                .map(it -> it.file().toString())
                .findFirst()
                .orElse(null);
    }

    /**
     * The lines of a sync's {@code fields} as in the file, where Camel has made other columns of them: a dash, a dot, brackets and
     * more in a name have a meaning for Camel.
     */
    Optional<Map<String, String>> misread(Sync sync) {
        return declarations.stream()
                .filter(it -> it.name().equals(sync.getName()) && it.fields() != null)
                .map(Declaration::fields)
                .filter(fields -> !fields.keySet().equals(sync.getFields().keySet()))
                .findFirst();
    }

    /** The mistakes of a sync, each with its line: those of its properties, and what its file has twice. */
    List<Sync.Mistake> mistakes(Sync sync) {
        List<Sync.Mistake> mistakes = new ArrayList<>();
        // of several with its name, the one that Camel has read is the one with these properties
        Declaration declaration = declarations.stream()
                .filter(it -> it.name().equals(sync.getName()))
                .max(Comparator.comparing(it -> sync.mistakes().stream()
                        .filter(mistake -> lineOf(it, mistake) != null)
                        .count()))
                .orElse(null);
        boolean beside = sync.mistakes().stream().anyMatch(mistake -> isBesideFields(sync, declaration, mistake));
        for (Sync.Mistake mistake : sync.mistakes()) {
            Integer line = lineOf(declaration, mistake);
            if (!beside || !"fields".equals(mistake.property())) {
                String sentence = beside && isBesideFields(sync, declaration, mistake)
                        ? COLUMN.formatted(mistake.property())
                        : mistake.sentence();
                mistakes.add(new Sync.Mistake(
                        mistake.property(), line == null ? sentence : YamlMistakes.at(line, sentence)));
            }
        }
        duplicates(sync).forEach(sentence -> mistakes.add(new Sync.Mistake(null, sentence)));
        return mistakes;
    }

    private static Integer lineOf(Declaration declaration, Sync.Mistake mistake) {
        return declaration == null || mistake.property() == null
                ? null
                : declaration.lines().get(SyncConfigurer.camelCase(mistake.property()));
    }

    /** Whether an unknown property follows an empty {@code fields}, so that it is a column with too few blanks before it. */
    private static boolean isBesideFields(Sync sync, Declaration declaration, Sync.Mistake mistake) {
        Integer fields = declaration == null ? null : declaration.lines().get("fields");
        Integer line = lineOf(declaration, mistake);
        return fields != null
                && line != null
                && fields < line
                && sync.getFields().isEmpty()
                && !SyncConfigurer.isProperty(mistake.property());
    }

    /** The duplicates: names in the declaration of this bean, and the bean itself; a sentence each. */
    private List<String> duplicates(Sync sync) {
        List<Declaration> own = declarations.stream()
                .filter(it -> it.name().equals(sync.getName()))
                .toList();
        List<String> mistakes = new ArrayList<>();
        own.forEach(declaration -> declaration.twice().forEach(name -> mistakes.add(name)));
        if (own.size() > 1) {
            mistakes.add("a bean of that name is declared " + own.size() + " times, in "
                    + own.stream().map(Declaration::place).collect(Collectors.joining(" and in "))
                    + "; one would replace the other, so give each a name of its own");
        }
        return mistakes;
    }

    /** The names of several beans of which none is a sync, with their files. */
    List<String> namesakes() {
        TreeMap<String, List<Declaration>> byName = declarations.stream()
                .collect(Collectors.groupingBy(Declaration::name, TreeMap::new, Collectors.toList()));
        return byName.values().stream()
                .filter(same -> same.size() > 1)
                .filter(same -> same.stream().noneMatch(it -> it.type().contains(Sync.class.getName())))
                .map(same -> same.get(0).file() + ": bean '" + same.get(0).name() + "' is declared " + same.size()
                        + " times, in "
                        + same.stream()
                                .map(it -> it.file().toString())
                                .distinct()
                                .collect(Collectors.joining(" and in "))
                        + "; give each a name of its own")
                .toList();
    }

    /** Skips a file that is no YAML, or not Camel's, because Camel rejects it. */
    private void read(Path file) throws IOException {
        LoadSettings settings = LoadSettings.builder().setLabel(file.toString()).build();
        try {
            for (Node document : new Compose(settings).composeAllFromString(Files.readString(file))) {
                beans(document, file);
            }
        } catch (YamlEngineException | CharacterCodingException notYaml) {
            return;
        }
    }

    private void beans(Node node, Path file) {
        if (node instanceof SequenceNode sequence) {
            sequence.getValue().forEach(each -> beans(each, file));
        } else if (node instanceof MappingNode mapping) {
            for (NodeTuple entry : mapping.getValue()) {
                if ("beans".equals(text(entry.getKeyNode())) && entry.getValueNode() instanceof SequenceNode list) {
                    list.getValue().forEach(bean -> declared(bean, file));
                } else {
                    beans(entry.getValueNode(), file);
                }
            }
        }
    }

    private void declared(Node bean, Path file) {
        if (bean instanceof MappingNode mapping) {
            String name = value(mapping, "name");
            if (name != null) {
                List<String> twice = new ArrayList<>();
                twice(mapping, twice);
                Map<String, Integer> lines = new HashMap<>();
                if (node(bean, "properties") instanceof MappingNode properties) {
                    for (NodeTuple entry : properties.getValue()) {
                        lines.putIfAbsent(
                                SyncConfigurer.camelCase(String.valueOf(text(entry.getKeyNode()))),
                                SyncFileShape.line(entry.getKeyNode()));
                    }
                }
                declarations.add(new Declaration(
                        name,
                        String.valueOf(value(mapping, "type")),
                        file,
                        SyncFileShape.line(bean),
                        twice,
                        lines,
                        fields(node(node(bean, "properties"), "fields"))));
            }
        }
    }

    private static void twice(MappingNode mapping, List<String> twice) {
        Map<String, Integer> names = new HashMap<>();
        for (NodeTuple entry : mapping.getValue()) {
            String name = text(entry.getKeyNode());
            int line = SyncFileShape.line(entry.getKeyNode());
            Integer before = name == null ? null : names.putIfAbsent(name, line);
            if (before != null) {
                twice.add(YamlMistakes.at(
                        line,
                        "'" + name + "' is there twice, as in line " + (before + 1)
                                + ", and one of the two would be lost; delete one of them"));
            }
            if (entry.getValueNode() instanceof MappingNode inner) {
                twice(inner, twice);
            }
        }
    }

    private static Map<String, String> fields(Node node) {
        if (!(node instanceof MappingNode mapping)) {
            return null;
        }
        Map<String, String> fields = new LinkedHashMap<>();
        for (NodeTuple entry : mapping.getValue()) {
            String column = text(entry.getKeyNode());
            String field = text(entry.getValueNode());
            if (column == null || field == null) {
                return null;
            }
            fields.put(column, field);
        }
        return fields;
    }

    private static Node node(Node node, String key) {
        return node instanceof MappingNode mapping
                ? mapping.getValue().stream()
                        .filter(entry -> key.equals(text(entry.getKeyNode())))
                        .map(NodeTuple::getValueNode)
                        .findFirst()
                        .orElse(null)
                : null;
    }

    private static String value(MappingNode mapping, String key) {
        return mapping.getValue().stream()
                .filter(entry -> key.equals(text(entry.getKeyNode())))
                .map(entry -> text(entry.getValueNode()))
                .findFirst()
                .orElse(null);
    }

    private static String text(Node node) {
        return node instanceof ScalarNode scalar ? scalar.getValue() : null;
    }
}
