// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Makes of the resources that kustomize renders what {@code podman kube play} can run: a file for each pod of a Deployment or a
 * StatefulSet, with the ConfigMaps. podman publishes the ports of a pod on the host, reads no Secret that it has not made itself,
 * shares volumes of the same name between pods, and has no Services; so the ports go, Secrets become ConfigMaps, volumes get the
 * name of their pod, and the first replica stands for the service of the webhooks.
 */
final class PodFiles {

    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

    private final Path folder;
    private final List<ObjectNode> configMaps = new ArrayList<>();
    private final Map<String, ObjectNode> pods = new TreeMap<>();
    private final Map<String, Map<String, String>> secrets = new HashMap<>();

    PodFiles(Path rendered, Path folder) throws IOException {
        this.folder = Files.createDirectories(folder);
        List<ObjectNode> resources;
        try (MappingIterator<ObjectNode> documents =
                YAML.readerFor(ObjectNode.class).readValues(rendered.toFile())) {
            resources = documents.readAll();
        }
        for (ObjectNode resource : resources) {
            switch (resource.path("kind").asText()) {
                case "ConfigMap" -> configMaps.add(resource);
                case "Secret" -> secret(resource);
                default -> {}
            }
        }
        for (ObjectNode resource : resources) {
            String kind = resource.path("kind").asText();
            if (kind.equals("Deployment") || kind.equals("StatefulSet")) {
                int replicas = resource.at("/spec/replicas").asInt(1);
                String name = resource.at("/metadata/name").asText();
                for (int i = 1; i <= replicas; i++) {
                    String pod = replicas == 1 ? name : name + "-" + i;
                    pods.put(pod, pod(pod, resource));
                }
            }
        }
    }

    private void secret(ObjectNode secret) {
        Map<String, String> texts = new HashMap<>();
        ObjectNode map = YAML.createObjectNode().put("apiVersion", "v1").put("kind", "ConfigMap");
        String name = secret.at("/metadata/name").asText();
        map.putObject("metadata").put("name", name);
        ObjectNode data = map.putObject("data");
        secret.path("data").properties().forEach(entry -> {
            String text = new String(Base64.getDecoder().decode(entry.getValue().asText()), StandardCharsets.UTF_8);
            texts.put(entry.getKey(), text);
            data.put(entry.getKey(), text);
        });
        secrets.put(name, texts);
        configMaps.add(map);
    }

    private ObjectNode pod(String name, JsonNode resource) {
        ObjectNode pod = YAML.createObjectNode().put("apiVersion", "v1").put("kind", "Pod");
        ObjectNode template = resource.at("/spec/template").deepCopy();
        pod.putObject("metadata").put("name", name).set("labels", template.at("/metadata/labels"));
        ObjectNode spec = (ObjectNode) template.path("spec");
        pod.set("spec", spec);
        resource.at("/spec/volumeClaimTemplates").forEach(claim -> spec.withArray("volumes")
                .addObject()
                .put("name", claim.at("/metadata/name").asText())
                .putObject("emptyDir"));
        for (JsonNode volume : spec.path("volumes")) {
            if (volume.has("secret")) {
                String secret = volume.at("/secret/secretName").asText();
                ((ObjectNode) volume).remove("secret");
                ((ObjectNode) volume).putObject("configMap").put("name", secret);
            }
            ((ObjectNode) volume).put("name", name + "-" + volume.path("name").asText());
        }
        for (JsonNode container : spec.path("containers")) {
            adapt(name, (ObjectNode) container);
        }
        return pod;
    }

    private void adapt(String pod, ObjectNode container) {
        String image = container.path("image").asText();
        container.put("image", image.contains("/") ? image : "localhost/" + image);
        // podman would run a probe by a shell and curl inside the container
        container.remove(List.of("ports", "startupProbe", "livenessProbe", "readinessProbe"));
        if (container.path("args") instanceof ArrayNode arguments) {
            for (int i = 0; i < arguments.size(); i++) {
                arguments.set(i, arguments.get(i).asText().replace("//sluice-webhooks:", "//sluice-1:"));
            }
        }
        for (JsonNode mount : container.path("volumeMounts")) {
            ((ObjectNode) mount).put("name", pod + "-" + mount.path("name").asText());
        }
        for (JsonNode variable : container.path("env")) {
            JsonNode key = variable.at("/valueFrom/secretKeyRef");
            if (!key.isMissingNode()) {
                ((ObjectNode) variable).remove("valueFrom");
                ((ObjectNode) variable)
                        .put(
                                "value",
                                secrets.get(key.path("name").asText())
                                        .get(key.path("key").asText()));
            }
        }
    }

    /** Replaces a text in a key of the ConfigMap whose name begins so, for all pods that start from now on. */
    void edit(String configMap, String key, String text, String replacement) {
        for (ObjectNode map : configMaps) {
            JsonNode data = map.path("data");
            if (map.at("/metadata/name").asText().startsWith(configMap)
                    && data.path(key).asText().contains(text)) {
                ((ObjectNode) data).put(key, data.path(key).asText().replace(text, replacement));
                return;
            }
        }
        throw new IllegalStateException("No ConfigMap " + configMap + " has '" + text + "' in " + key);
    }

    /** Writes the file of a pod. */
    Path file(String pod) throws IOException {
        StringBuilder text = new StringBuilder();
        for (ObjectNode map : configMaps) {
            text.append(YAML.writeValueAsString(map));
        }
        return Files.writeString(folder.resolve(pod + ".yaml"), text.append(YAML.writeValueAsString(pods.get(pod))));
    }
}
