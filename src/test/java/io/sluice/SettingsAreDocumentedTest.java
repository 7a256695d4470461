// SPDX-License-Identifier: Apache-2.0
package io.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Checks that application.properties documents every setting. */
class SettingsAreDocumentedTest {

    private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{[?]?(sluice\\.[A-Za-z0-9_.-]+)");
    private static final Pattern READ =
            Pattern.compile("\\.(?:text|number|duration|flag|apply)\\(\\s*\"(sluice\\.[A-Za-z0-9_.-]+)\"");

    private static final Pattern OF_AN_ACCOUNT =
            Pattern.compile("(?:settings|own|byName\\.get\\(name\\))\\s*\\.get(?:OrDefault)?\\(\\s*\"([a-z0-9-]+)\"");
    /** Settings of all accounts that the code hands to each of them under another name. */
    private static final Set<String> MADE_BY_SLUICE = Set.of("call-timeout-ms", "connect-timeout-ms");

    @Test
    void everyPlaceholderOfRoutesAndKameletsIsDocumented() throws IOException {
        Map<String, List<String>> used = found(PLACEHOLDER, ".yaml", "routes", "kamelet-catalog");

        assertThat(used).containsKey("sluice.senders");
        assertThat(undocumented(used)).isEmpty();
    }

    @Test
    void everySettingThatTheCodeReadsIsDocumented() throws IOException {
        Map<String, List<String>> used = found(READ, ".java", "src/main/java", "src/sandbox/java");

        assertThat(used).containsKeys("sluice.database.url", "sluice.sandbox.port");
        assertThat(undocumented(used)).isEmpty();
    }

    @Test
    void everySettingOfAnAccountIsDocumented() throws IOException {
        Map<String, List<String>> used =
                found(OF_AN_ACCOUNT, ".java", "src/main/java/io/sluice/crm", "src/main/java/io/sluice/app");
        String documentation = Files.readString(Path.of("application.properties"));

        assertThat(used).containsKeys("jwt-audience", "webhook-url", "members");
        assertThat(used.keySet())
                .filteredOn(name -> !MADE_BY_SLUICE.contains(name))
                .allSatisfy(name -> assertThat(documentation).containsPattern("[ .,(]" + name + "[ ,:.)]"));
    }

    private static List<String> undocumented(Map<String, List<String>> used) throws IOException {
        Properties documented = new Properties();
        try (Reader reader = Files.newBufferedReader(Path.of("application.properties"))) {
            documented.load(reader);
        }
        return used.entrySet().stream()
                .filter(entry -> !documented.containsKey(entry.getKey()))
                .map(entry ->
                        entry.getKey() + " is used in " + entry.getValue() + ", but application.properties lacks it")
                .toList();
    }

    /** Maps each name that the pattern's first group finds to the files that contain it. */
    private static Map<String, List<String>> found(Pattern pattern, String ending, String... folders)
            throws IOException {
        Map<String, List<String>> found = new TreeMap<>();
        for (String folder : folders) {
            try (Stream<Path> files = Files.walk(Path.of(folder))) {
                for (Path file : files.filter(it -> it.toString().endsWith(ending))
                        .sorted()
                        .toList()) {
                    Matcher matcher = pattern.matcher(Files.readString(file));
                    while (matcher.find()) {
                        found.computeIfAbsent(matcher.group(1), name -> new ArrayList<>())
                                .add(file.toString());
                    }
                }
            }
        }
        return found;
    }
}
