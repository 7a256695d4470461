// SPDX-License-Identifier: Apache-2.0
package io.sluice.catalogue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Checks what Camel's own catalogue requires of a Kamelet beyond the two schemas. Answers a sentence per violation:
 * file, rule, finding.
 */
final class KameletRules {

    static final String ENDING = ".kamelet.yaml";

    private static final String PREFIX = "camel.apache.org/";
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{[?]?([A-Za-z0-9_.-]+)(?::[^}]*)?}}");
    private static final Pattern DEPENDENCY = Pattern.compile("camel:[a-z0-9-]+|mvn:[\\w.-]+:[\\w.-]+:[\\w.-]+");
    private static final Pattern CREDENTIAL =
            Pattern.compile("(?i).*(password|passphrase|secret|token|api-?key|private-?key|credentials?)");
    private static final Pattern SENTENCE = Pattern.compile(
            "(it|what|there|where|when|how|unless|something|some|no|not|is|give|take|look|ask|keep|find|put|say|hand|drop|read"
                    + "|as|so|try|aim|learn|hear|heard|told)-.+|.*-(is|are|was|has|have|it|them|or)(-.+)?");
    private static final Pattern MEDIA_TYPE = Pattern.compile("[a-z]+/[a-z0-9.+-]+");
    private static final String CREDENTIALS_GROUP = "urn:camel:group:credentials";
    private static final String ICON = "data:image/svg+xml;base64,";

    private final String file;
    private final List<String> problems = new ArrayList<>();

    private KameletRules(String file) {
        this.file = file;
    }

    /** @param file its name, without a folder */
    static List<String> problems(String file, String text) {
        KameletRules rules = new KameletRules(file);
        try {
            rules.check(Yaml.read(text));
        } catch (JsonProcessingException broken) {
            rules.broken("is YAML", broken.getOriginalMessage());
        }
        return rules.problems;
    }

    private void broken(String rule, String finding) {
        problems.add(file + ": " + rule + ": " + finding);
    }

    private void check(JsonNode kamelet) {
        if (!kamelet.path("apiVersion").asText().equals(PREFIX + "v1")
                || !kamelet.path("kind").asText().equals("Kamelet")) {
            broken(
                    "apiVersion and kind",
                    "found '" + kamelet.path("apiVersion").asText() + "' and '"
                            + kamelet.path("kind").asText() + "' instead of " + PREFIX + "v1 and Kamelet");
        }
        JsonNode metadata = kamelet.path("metadata");
        JsonNode spec = kamelet.path("spec");
        name(metadata, spec.path("definition").path("title").asText());
        annotations(metadata.path("annotations"));
        definition(spec.path("definition"));
        types(metadata.path("labels").path(PREFIX + "kamelet.type").asText(), spec.path("types"));
        dependencies(spec.path("dependencies"));
        placeholders(spec);
        ids(spec.path("template"));
        ends(metadata.path("labels").path(PREFIX + "kamelet.type").asText(), spec.path("template"));
    }

    private void name(JsonNode metadata, String title) {
        String name = metadata.path("name").asText();
        if (!file.equals(name + ENDING)) {
            broken("file name is metadata.name", "metadata.name is '" + name + "'");
        }
        String type = metadata.path("labels").path(PREFIX + "kamelet.type").asText();
        if (!Set.of("source", "sink", "action").contains(type)) {
            broken("kamelet.type label is source, sink or action", "found '" + type + "'");
            return;
        }
        if (!name.endsWith("-" + type)) {
            broken("name ends in its type", "the label says '" + type + "', the name is '" + name + "'");
        }
        String word = type.substring(0, 1).toUpperCase(java.util.Locale.ROOT) + type.substring(1);
        if (!title.endsWith(" " + word)) {
            broken("title ends in its type", "'" + title + "' does not end in " + word);
        }
    }

    private void annotations(JsonNode annotations) {
        for (String name : List.of(
                "kamelet.icon",
                "catalog.version",
                "provider",
                "kamelet.support.level",
                "kamelet.group",
                "kamelet.namespace")) {
            if (annotations.path(PREFIX + name).asText().isBlank()) {
                broken("annotations are there", PREFIX + name + " is missing");
            }
        }
        String icon = annotations.path(PREFIX + "kamelet.icon").asText();
        if (!icon.isBlank() && !isPicture(icon)) {
            broken("icon is embedded", "it is no " + ICON + " with an svg in it");
        }
    }

    private static boolean isPicture(String icon) {
        if (!icon.startsWith(ICON)) {
            return false;
        }
        try {
            byte[] bytes =
                    Base64.getDecoder().decode(icon.substring(ICON.length()).strip());
            return new String(bytes, StandardCharsets.UTF_8).contains("<svg");
        } catch (IllegalArgumentException noBase64) {
            return false;
        }
    }

    private void definition(JsonNode definition) {
        if (!definition.path("type").asText().equals("object")) {
            broken(
                    "definition.type is object",
                    "found '" + definition.path("type").asText() + "'");
        }
        if (definition.path("description").asText().isBlank()) {
            broken("definition has a description", "it is missing");
        }
        JsonNode properties = definition.path("properties");
        properties.properties().forEach(property -> property(property.getKey(), property.getValue()));
        Set<String> seen = new HashSet<>();
        definition.path("required").forEach(required -> {
            if (!properties.has(required.asText())) {
                broken("required properties are declared", "'" + required.asText() + "' is not");
            }
            if (!seen.add(required.asText())) {
                broken("required properties are named once", "'" + required.asText() + "' stands twice");
            }
        });
    }

    private void property(String name, JsonNode property) {
        for (String part : List.of("title", "description", "type")) {
            if (property.path(part).asText().isBlank()) {
                broken("properties have title, description and type", "'" + name + "' has no " + part);
            }
        }
        boolean hidden = property.path("format").asText().equals("password");
        boolean grouped = Yaml.texts(property.path("x-descriptors")).contains(CREDENTIALS_GROUP);
        boolean credential = hidden || grouped || CREDENTIAL.matcher(name).matches();
        if (credential && !hidden) {
            broken("credentials are formatted", "'" + name + "' needs format: password");
        }
        if (credential && !grouped) {
            broken("credentials are formatted", "'" + name + "' needs x-descriptors with " + CREDENTIALS_GROUP);
        }
    }

    /**
     * Checks media types as Camel's catalogue writes them: a source has those it emits, a sink those it takes, an
     * action one of them or both.
     */
    private void types(String type, JsonNode types) {
        String needed = type.equals("source") ? "out" : type.equals("sink") ? "in" : null;
        if (types.isEmpty() || needed != null && !types.has(needed)) {
            broken("types are there", needed == null ? "neither in nor out has one" : needed + " has none");
        }
        types.properties().forEach(side -> {
            String mediaType = side.getValue().path("mediaType").asText();
            if (!Set.of("in", "out").contains(side.getKey())
                    || !MEDIA_TYPE.matcher(mediaType).matches()) {
                broken("types are in and out, each with a media type", side.getKey() + " has '" + mediaType + "'");
            }
        });
    }

    private void dependencies(JsonNode dependencies) {
        if (dependencies.isEmpty()) {
            broken("dependencies are there", "none is named");
        }
        dependencies.forEach(dependency -> {
            if (!DEPENDENCY.matcher(dependency.asText()).matches()) {
                broken(
                        "dependencies are camel:name or mvn:group:artifact:version",
                        "found '" + dependency.asText() + "'");
            }
        });
    }

    private void placeholders(JsonNode spec) {
        Set<String> used = new TreeSet<>();
        for (String text : Yaml.texts(spec.path("template"))) {
            Matcher matcher = PLACEHOLDER.matcher(text);
            while (matcher.find()) {
                used.add(matcher.group(1));
            }
        }
        Set<String> properties = new TreeSet<>();
        spec.path("definition").path("properties").fieldNames().forEachRemaining(properties::add);
        Set<String> beans = new HashSet<>();
        spec.path("template")
                .path("beans")
                .forEach(bean -> beans.add(bean.path("name").asText()));
        properties.stream()
                .filter(property -> !used.contains(property))
                .forEach(property -> broken("properties are used", "'" + property + "' is not in the template"));
        used.stream()
                .filter(name -> !properties.contains(name) && !beans.contains(name))
                .forEach(name -> broken(
                        "placeholders are declared",
                        "{{" + name + "}} is no property, so a global one would be taken"));
    }

    /** A step is named by a noun, as in Camel's examples, so that a diagram reads as a list of parts. */
    private void ids(JsonNode template) {
        template.findValues("id").stream()
                .map(JsonNode::asText)
                .filter(id -> SENTENCE.matcher(id).matches())
                .forEach(id -> broken("step ids are nouns", "'" + id + "' is a sentence"));
    }

    private void ends(String type, JsonNode template) {
        JsonNode from = template.has("route") ? template.path("route").path("from") : template.path("from");
        boolean startsAtCaller = from.path("uri").asText().equals("kamelet:source");
        if (type.equals("source")) {
            if (startsAtCaller || uris(from.path("steps")).noneMatch("kamelet:sink"::equals)) {
                broken("a source ends in kamelet:sink", "no step of it goes there");
            }
        } else if (!startsAtCaller) {
            broken(
                    "a sink or an action starts at kamelet:source",
                    "it starts at '" + from.path("uri").asText() + "'");
        }
    }

    /** Collects all endpoints to which steps, nested ones too, send. */
    private static Stream<String> uris(JsonNode steps) {
        return steps.findValues("uri").stream().map(JsonNode::asText);
    }
}
