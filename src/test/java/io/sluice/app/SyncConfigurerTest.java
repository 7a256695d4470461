// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Sync;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Shows that Camel reads every sync file: an invalid property is a mistake of that sync alone. */
class SyncConfigurerTest {

    @TempDir
    Path folder;

    private Sync read(String properties) throws Exception {
        String yaml =
                """
                - beans:
                    - name: odd
                      type: io.sluice.Sync
                      properties:
                        table: app.t
                %s
                    - name: good
                      type: io.sluice.Sync
                      properties:
                        table: app.u
                        fields:
                          name: Name
                """
                        .formatted(properties.indent(8).stripTrailing());
        try (DefaultCamelContext context = new DefaultCamelContext()) {
            context.start();
            PluginHelper.getRoutesLoader(context).loadRoutes(ResourceHelper.fromString("odd.camel.yaml", yaml));
            SyncFiles files = new SyncFiles(
                    Files.writeString(folder.resolve("odd.camel.yaml"), yaml).getParent());
            Sync good = context.getRegistry().lookupByNameAndType("good", Sync.class);
            assertThat(good.getFields()).containsExactly(Map.entry("name", "Name"));
            assertThat(good.mistakes()).isEmpty();
            Sync odd = context.getRegistry().lookupByNameAndType("odd", Sync.class);
            odd.setName("odd");
            files.misread(odd).ifPresent(odd::setFields);
            return odd;
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "na.me", "a.b.c", "na me", "größe", "na[me]", "[0]", "na[0].x", "na\"me", "it's", "?name", "#name",
                "name.", "{name}", "class", "size", "empty", "-name", "na-me", "10", "true", "a,b", "a:b", "$x",
                "na(me)"
            })
    void aColumnOfAnyNameIsMapped(String column) throws Exception {
        Sync sync = read("fields:\n  other: Other\n  '" + column.replace("'", "''") + "': Name\n  last: Last\n");

        assertThat(sync.mistakes()).isEmpty();
        assertThat(sync.getFields()).isEqualTo(Map.of("other", "Other", column, "Name", "last", "Last"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "key.x: a",
                "key:\n  x: a",
                "key:\n  x:\n    y: a",
                "fields: Name",
                "unknown:\n  x: a",
                "unknown[0]: a",
                "key[0]: a",
                "fields[0]: a",
                "paused:\n  x: true"
            })
    void aValueOfAnotherShapeIsAMistakeOfItsSync(String properties) throws Exception {
        assertThat(read(properties).mistakes()).isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"external-id: X", "externalId: X"})
    void bothSpellingsOfAPropertyAreTaken(String property) throws Exception {
        assertThat(read(property))
                .extracting(Sync::getExternalId, Sync::mistakes)
                .isEqualTo(List.of("X", List.of()));
    }

    @Test
    void aFileThatDoesNotBelongIsNamedOnce() throws Exception {
        Files.createDirectory(folder.resolve(".git"));
        Files.createDirectory(folder.resolve("crm"));
        for (String name : List.of(
                "read.camel.yaml",
                ".read.camel.yaml.swp",
                ".DS_Store",
                "._read.camel.yaml",
                "read.camel.yaml~",
                "copy.yaml",
                "short.camel.yml",
                "LOUD.CAMEL.YAML",
                ".git/config",
                "crm/notes.txt")) {
            Files.writeString(folder.resolve(name), "");
        }
        String end = " is passed over, because its name does not end with .camel.yaml.";
        String dot = " is passed over, because its name begins with a dot.";
        String rename = " If it holds a sync or routes, rename it to %s and start again.";
        assertThat(SyncFiles.strays(folder, true))
                .containsExactlyInAnyOrder(
                        folder.resolve(".DS_Store") + dot,
                        folder.resolve("._read.camel.yaml") + dot,
                        folder.resolve(".read.camel.yaml.swp") + dot,
                        folder.resolve("LOUD.CAMEL.YAML") + end + rename.formatted("LOUD.camel.yaml"),
                        folder.resolve("copy.yaml") + end + rename.formatted("copy.camel.yaml"),
                        folder.resolve("crm/notes.txt") + end,
                        folder.resolve("read.camel.yaml~") + end,
                        folder.resolve("short.camel.yml") + end + rename.formatted("short.camel.yaml"));
        assertThat(SyncFiles.strays(folder, false)).noneMatch(it -> it.contains("notes.txt"));
    }

    @Test
    void aMistakeOfAPropertyNamesItsLine() throws Exception {
        String sync =
                """
                - beans:
                    - name: odd
                      type: io.sluice.Sync
                      properties:
                        table: app.t
                        kee: no
                        paused: maybe
                        table: app.u
                        fields:
                        title: Name
                """;
        Files.writeString(folder.resolve("odd.camel.yaml"), sync);
        Files.writeString(folder.resolve("copy.camel.yaml"), sync.substring(0, sync.indexOf("        kee")));
        Sync odd = new Sync();
        odd.setName("odd");
        odd.addMistake(new Sync.Mistake("kee", "unknown"));
        odd.addMistake(new Sync.Mistake("paused", "true or false"));
        odd.addMistake(new Sync.Mistake("fields", "no columns"));
        odd.addMistake(new Sync.Mistake("title", "unknown"));

        assertThat(new SyncFiles(folder).mistakes(odd))
                .extracting(Sync.Mistake::sentence)
                .containsExactly(
                        "line 6: unknown",
                        "line 7: true or false",
                        "line 10: there is no property 'title', and fields is empty; if it is a column, indent it more than fields",
                        "line 8: 'table' is there twice, as in line 5, and one of the two would be lost; delete one of them",
                        "a bean of that name is declared 2 times, in " + folder.resolve("copy.camel.yaml")
                                + ", line 2 and in "
                                + folder.resolve("odd.camel.yaml")
                                + ", line 2; one would replace the other, so give each a name of its own");
    }

    @Test
    void aConfigMapOfKubernetesDeclaresEachSyncOnce() throws Exception {
        Path mounted = Files.createDirectory(folder.resolve("..2026_11_30_06_00_00.1"));
        Files.writeString(mounted.resolve("a.camel.yaml"), "- beans:\n    - name: a\n      type: io.sluice.Sync\n");
        Files.createSymbolicLink(folder.resolve("..data"), mounted.getFileName());
        Files.createSymbolicLink(folder.resolve("a.camel.yaml"), Path.of("..data", "a.camel.yaml"));
        Sync sync = new Sync();
        sync.setName("a");
        SyncFiles files = new SyncFiles(folder);
        assertThat(files.declaring("a"))
                .isEqualTo(folder.resolve("a.camel.yaml").toString());
        assertThat(files.mistakes(sync)).isEmpty();
    }
}
