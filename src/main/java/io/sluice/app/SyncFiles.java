// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import io.sluice.Sync;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
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
     * @param fields lines of {@code fields}; null where these are no lines of texts
     */
    private record Declaration(String name, String type, Path file, List<String> twice, Map<String, String> fields) {}

    private final List<Declaration> declarations = new ArrayList<>();

    SyncFiles(Path folder) {
        if (!Files.isDirectory(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile)
                    .filter(it -> !isHidden(folder.relativize(it)))
                    .filter(it -> it.toString().matches(".*\\.ya?ml"))
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

    /** The files that declare a sync and that Camel ignores because of their names. @param read names of syncs that were read */
    static List<Path> unread(Path folder, Collection<String> read) {
        return new SyncFiles(folder)
                .declarations.stream()
                        .filter(it -> it.type().contains(Sync.class.getName()))
                        .filter(it -> !read.contains(it.name()))
                        .map(Declaration::file)
                        .filter(file -> !file.toString().endsWith(".camel.yaml"))
                        .distinct()
                        .toList();
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

    /** The duplicates: names in the declaration of this bean, and the bean itself; a sentence each. */
    List<String> mistakes(Sync sync) {
        List<Declaration> own = declarations.stream()
                .filter(it -> it.name().equals(sync.getName()))
                .toList();
        List<String> mistakes = new ArrayList<>();
        own.forEach(declaration -> declaration
                .twice()
                .forEach(name -> mistakes.add(
                        "'" + name + "' is there twice, and one of the two would be lost; delete one of them")));
        if (own.size() > 1) {
            mistakes.add("a bean of that name is declared " + own.size() + " times, in "
                    + own.stream().map(it -> it.file().toString()).distinct().collect(Collectors.joining(" and in "))
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
        } catch (YamlEngineException notYaml) {
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
                declarations.add(new Declaration(
                        name,
                        String.valueOf(value(mapping, "type")),
                        file,
                        twice,
                        fields(node(node(bean, "properties"), "fields"))));
            }
        }
    }

    private static void twice(MappingNode mapping, List<String> twice) {
        Set<String> names = new HashSet<>();
        for (NodeTuple entry : mapping.getValue()) {
            String name = text(entry.getKeyNode());
            if (name != null && !names.add(name)) {
                twice.add(name);
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
