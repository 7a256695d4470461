// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import io.sluice.crm.Durations;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import org.apache.camel.CamelContext;

/** Reads the settings of application.properties from all of Camel's sources: file, environment, system property. */
final class Settings {

    private final CamelContext context;

    Settings(CamelContext context) {
        this.context = context;
    }

    String text(String name, String otherwise) {
        String value = context.resolvePropertyPlaceholders("{{?" + name + "}}");
        return value == null || value.isBlank() ? otherwise : value.trim();
    }

    /** @throws IllegalArgumentException with the name of the setting */
    int number(String name, int otherwise) {
        String text = text(name, Integer.toString(otherwise));
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException wrong) {
            throw new IllegalArgumentException(
                    "application.properties: " + name + " must be a whole number, not '" + text + "'", wrong);
        }
    }

    /** @throws IllegalArgumentException with the name of the setting */
    Duration duration(String name, String otherwise) {
        return Durations.of("application.properties: " + name, text(name, otherwise));
    }

    /** @throws IllegalArgumentException with the name of the setting */
    boolean flag(String name, boolean otherwise) {
        String text = text(name, Boolean.toString(otherwise));
        if (!text.equals("true") && !text.equals("false")) {
            throw new IllegalArgumentException(
                    "application.properties: " + name + " must be true or false, not '" + text + "'");
        }
        return Boolean.parseBoolean(text);
    }

    /**
     * All settings with a prefix, without the prefix. Camel lists those of the files alone; a limit that only the command line
     * sets counts too.
     */
    Map<String, String> below(String prefix) {
        Properties ofFiles = context.getPropertiesComponent().loadProperties(name -> name.startsWith(prefix));
        TreeSet<String> names = new TreeSet<>(ofFiles.stringPropertyNames());
        System.getProperties().stringPropertyNames().stream()
                .filter(name -> name.startsWith(prefix))
                .forEach(names::add);
        Map<String, String> found = new LinkedHashMap<>();
        for (String name : names) {
            String value = text(name, null);
            if (value != null) {
                found.put(name.substring(prefix.length()), value);
            }
        }
        return found;
    }
}
