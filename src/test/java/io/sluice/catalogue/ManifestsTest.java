// SPDX-License-Identifier: Apache-2.0
package io.sluice.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The resources for Kubernetes and Camel K have no field that Kubernetes or their operators do not know, and fit each other. Files
 * are judged one by one; where there is kubectl, what kustomize makes of them too.
 */
class ManifestsTest {

    private static final String FOLDER = "src/main/kubernetes";
    private static final String KUSTOMIZATION = "kustomization.yaml";
    /** A ConfigMap holds 1 MiB (https://kubernetes.io/docs/concepts/configuration/configmap/). */
    private static final int CONFIG_MAP_BYTES = 1_048_576;

    private static final ManifestSchemas SCHEMAS = new ManifestSchemas();

    @TempDir
    Path temporary;

    static List<Path> kustomizations() {
        return Yaml.files(FOLDER, KUSTOMIZATION);
    }

    /** The files with resources: each patch has the name of the file that it patches. */
    static List<Path> resources() {
        return Yaml.files(FOLDER, ".yaml").stream()
                .filter(file -> !file.endsWith(KUSTOMIZATION))
                .toList();
    }

    private static JsonNode only(Path file) {
        List<JsonNode> documents = Yaml.documents(file);
        assertThat(documents).as("%s", file).hasSize(1);
        return documents.get(0);
    }

    private static List<String> texts(JsonNode list) {
        List<String> texts = new ArrayList<>();
        list.forEach(each -> texts.add(each.asText()));
        return texts;
    }

    private static boolean isPatch(Path file) {
        return only(file.resolveSibling(KUSTOMIZATION))
                .path("patches")
                .findValuesAsText("path")
                .contains(file.getFileName().toString());
    }

    @ParameterizedTest
    @MethodSource("resources")
    void eachFieldIsKnownToKubernetesOrTheOperator(Path file) {
        for (JsonNode resource : Yaml.documents(file)) {
            assertThat(
                            isPatch(file)
                                    ? SCHEMAS.validatePatch(file.toString(), resource)
                                    : SCHEMAS.validate(file.toString(), resource))
                    .isEmpty();
        }
    }

    @Test
    void anUnknownFieldAWrongTypeAndAMissingFieldAreRefused() throws JsonProcessingException {
        for (Path file : resources().stream().filter(it -> !isPatch(it)).toList()) {
            for (JsonNode resource : Yaml.documents(file)) {
                ObjectNode wrong = resource.deepCopy();
                wrong.put("unheardOf", true);
                assertThat(SCHEMAS.validate(file.toString(), wrong))
                        .as("%s", file)
                        .hasSize(1);
            }
        }
        JsonNode deployment = only(Path.of(FOLDER, "base", "deployment.yaml"));
        assertThat(changed(deployment, "/spec/template/spec/containers/0/livenessProbe", "{path: /live}"))
                .singleElement()
                .asString()
                .contains("livenessProbe", "path");
        assertThat(changed(deployment, "/spec/replicas", "two"))
                .singleElement()
                .asString()
                .contains("replicas", "string found");
        assertThat(changed(deployment, "/spec", "{replicas: 2, template: {}}"))
                .singleElement()
                .asString()
                .contains("selector");
        JsonNode integration = only(Path.of(FOLDER, "camel-k", "integration.yaml"));
        assertThat(changed(integration, "/spec/traits/health", "{enabled: true, livenessProbePort: 9876}"))
                .singleElement()
                .asString()
                .contains("livenessProbePort");
        assertThat(changed(integration, "/spec/template/spec/securityContext", "{runAsNonRoot: sure}"))
                .singleElement()
                .asString()
                .contains("runAsNonRoot");
        JsonNode scaled = only(Path.of(FOLDER, "components", "scaling", "scaled-object.yaml"));
        assertThat(changed(scaled, "/spec/triggers/0", "{type: prometheus, metadata: {threshold: 5000}}"))
                .singleElement()
                .asString()
                .contains("threshold");
    }

    /** Returns the problems of a resource in which one object was replaced. */
    private static List<String> changed(JsonNode resource, String pointer, String yaml) throws JsonProcessingException {
        JsonNode copy = resource.deepCopy();
        int slash = pointer.lastIndexOf('/');
        JsonNode parent = copy.at(pointer.substring(0, slash));
        String last = pointer.substring(slash + 1);
        if (parent instanceof ObjectNode object) {
            object.set(last, Yaml.read(yaml));
        } else {
            ((ArrayNode) parent).set(Integer.parseInt(last), Yaml.read(yaml));
        }
        return SCHEMAS.validate("a copy", copy);
    }

    @ParameterizedTest
    @MethodSource("kustomizations")
    void eachFileOfAKustomizationExistsAndFitsIntoItsConfigMap(Path kustomization) throws IOException {
        JsonNode content = only(kustomization);
        Set<String> named = new TreeSet<>();
        for (String list : List.of("resources", "components")) {
            named.addAll(texts(content.path(list)));
        }
        named.addAll(content.path("patches").findValuesAsText("path").stream()
                .filter(path -> path.endsWith(".yaml"))
                .toList());
        for (JsonNode generator : content.path("configMapGenerator")) {
            int bytes = 0;
            for (String file : texts(generator.path("files"))) {
                named.add(file);
                bytes += Yaml.text(kustomization.resolveSibling(file)).getBytes(StandardCharsets.UTF_8).length;
            }
            assertThat(bytes)
                    .as("%s: %s", kustomization, generator.path("name"))
                    .isBetween(1, CONFIG_MAP_BYTES / 2);
        }
        assertThat(named).allSatisfy(name -> assertThat(kustomization.resolveSibling(name))
                .exists());
        try (Stream<Path> files = Files.list(kustomization.getParent())) {
            assertThat(named)
                    .containsAll(files.filter(Files::isRegularFile)
                            .map(file -> file.getFileName().toString())
                            .filter(name -> name.endsWith(".yaml") && !name.equals(KUSTOMIZATION))
                            .toList());
        }
    }

    @Test
    void theRepeatedPartsAreThoseOfTheFiles() {
        KubernetesFiles.contents().forEach((file, content) -> assertThat(Yaml.text(file))
                .as("run KubernetesFiles, which writes %s", file)
                .isEqualTo(content));
    }

    @Test
    void theDeploymentMountsWhatTheKustomizationMakesIntoFoldersOfTheImage() {
        JsonNode pod = only(Path.of(FOLDER, "base", "deployment.yaml")).at("/spec/template/spec");
        Set<String> generated = new TreeSet<>(only(Path.of(FOLDER, "base", KUSTOMIZATION))
                .path("configMapGenerator")
                .findValuesAsText("name"));
        Set<String> mounted = new TreeSet<>();
        pod.path("volumes")
                .findValues("configMap")
                .forEach(map -> mounted.add(map.path("name").asText()));
        assertThat(mounted).isEqualTo(generated);

        String dockerfile = Yaml.text(Path.of("src/main/docker/Dockerfile"));
        List<String> folders = pod.at("/containers/0/volumeMounts").findValuesAsText("mountPath").stream()
                .filter(path -> path.startsWith("/etc/sluice/") && !path.endsWith("/secrets"))
                .map(path -> path.substring("/etc/sluice/".length()) + "/")
                .toList();
        assertThat(folders).hasSameSizeAs(generated).allMatch(folder -> dockerfile.contains(" " + folder + "\n"));
    }

    @Test
    void podsPortsAndProbesFitTogether() {
        JsonNode deployment = only(Path.of(FOLDER, "base", "deployment.yaml"));
        JsonNode container = deployment.at("/spec/template/spec/containers/0");
        List<String> ports = container.path("ports").findValuesAsText("name");
        for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
            assertThat(container.at("/" + probe + "/httpGet/port").asText()).isEqualTo("management");
        }
        JsonNode labels = deployment.at("/spec/template/metadata/labels");
        assertThat(deployment.at("/spec/selector/matchLabels")).isEqualTo(labels);
        for (JsonNode service : Yaml.documents(Path.of(FOLDER, "base", "services.yaml"))) {
            assertThat(service.at("/spec/selector")).isEqualTo(labels);
            assertThat(ports).containsAll(service.path("spec").findValuesAsText("targetPort"));
        }
        assertThat(only(Path.of(FOLDER, "base", "pod-disruption-budget.yaml")).at("/spec/selector/matchLabels"))
                .isEqualTo(labels);
        assertThat(only(Path.of(FOLDER, "base", "network-policy.yaml")).at("/spec/podSelector/matchLabels"))
                .isEqualTo(labels);
        JsonNode monitor = only(Path.of(FOLDER, "components", "monitoring", "service-monitor.yaml"));
        assertThat(Yaml.documents(Path.of(FOLDER, "base", "services.yaml")))
                .filteredOn(service -> service.at("/metadata/labels").equals(monitor.at("/spec/selector/matchLabels")))
                .singleElement()
                .satisfies(service -> assertThat(service.at("/spec/ports").findValuesAsText("name"))
                        .contains(monitor.at("/spec/endpoints/0/port").asText()));
    }

    @Test
    void noContainerRunsAsRootOrMayWriteToItsImage() {
        List<JsonNode> pods = new ArrayList<>();
        for (Path file : resources().stream().filter(it -> !isPatch(it)).toList()) {
            Yaml.documents(file).stream()
                    .map(resource -> resource.at("/spec/template/spec"))
                    .filter(pod -> pod.has("containers"))
                    .forEach(pods::add);
        }
        assertThat(pods).hasSize(4).allSatisfy(pod -> {
            assertThat(pod.at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
            assertThat(pod.at("/securityContext/runAsUser").asInt()).isPositive();
            assertThat(pod.at("/securityContext/seccompProfile/type").asText()).isEqualTo("RuntimeDefault");
            assertThat(pod.at("/automountServiceAccountToken").asBoolean(true)).isFalse();
            JsonNode container = pod.at("/containers/0");
            if (container.has("image")) { // Camel K has the image and its rights in a trait
                assertThat(container
                                .at("/securityContext/allowPrivilegeEscalation")
                                .asBoolean(true))
                        .isFalse();
                assertThat(texts(container.at("/securityContext/capabilities/drop")))
                        .containsExactly("ALL");
            }
            if (!container.path("image").asText().contains("postgres")) {
                assertThat(container
                                .at("/securityContext/readOnlyRootFilesystem")
                                .asBoolean())
                        .isTrue();
            }
        });
    }

    /** kubectl carries kustomize. Components are rendered with the base, as an overlay of a user has them. */
    @ParameterizedTest
    @ValueSource(strings = {"base", "demo", "camel-k", "components"})
    void kustomizeMakesValidResourcesOfThem(String folder) throws Exception {
        assumeThat(Stream.of(System.getenv("PATH").split(File.pathSeparator))
                        .anyMatch(path -> Files.isExecutable(Path.of(path, "kubectl"))))
                .as("kubectl is there")
                .isTrue();
        Path rendered = temporary.resolve("rendered.yaml");
        Process kubectl = new ProcessBuilder(
                        "kubectl",
                        "kustomize",
                        "--load-restrictor",
                        "LoadRestrictionsNone",
                        folder.equals("components")
                                ? overlay()
                                : Path.of(FOLDER, folder).toString())
                .redirectOutput(rendered.toFile())
                .redirectError(temporary.resolve("errors").toFile())
                .start();
        assertThat(kubectl.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(kubectl.exitValue())
                .as(() -> Yaml.text(temporary.resolve("errors")))
                .isZero();
        List<JsonNode> resources = Yaml.documents(rendered);
        assertThat(resources).hasSizeGreaterThan(5);
        for (JsonNode resource : resources) {
            String name = resource.path("kind").asText() + " "
                    + resource.at("/metadata/name").asText();
            if (!resource.path("kind").asText().equals("Kamelet")) { // CatalogueTest has them
                assertThat(SCHEMAS.validate(name, resource)).isEmpty();
            }
        }
        Set<String> maps = new TreeSet<>();
        resources.stream()
                .filter(it -> it.path("kind").asText().equals("ConfigMap"))
                .forEach(it -> maps.add(it.at("/metadata/name").asText()));
        for (JsonNode volume : resources.stream()
                .flatMap(it -> it.findValues("configMap").stream())
                .toList()) {
            assertThat(maps).contains(volume.path("name").asText());
        }
    }

    /** A user's overlay, whose path to the bundle is relative, as kustomize wants it. */
    private String overlay() throws IOException {
        Path folder = Files.createDirectories(temporary.toRealPath().resolve("overlay"));
        String bundle = folder.relativize(Path.of(FOLDER).toRealPath()).toString();
        Files.writeString(
                folder.resolve(KUSTOMIZATION),
                "resources: [" + bundle + "/base]\ncomponents: [" + bundle + "/components/monitoring, " + bundle
                        + "/components/scaling]\n");
        return folder.toString();
    }
}
