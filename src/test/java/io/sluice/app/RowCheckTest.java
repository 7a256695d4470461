// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Sync;
import io.sluice.crm.ObjectShape;
import io.sluice.crm.ObjectShape.Facts;
import io.sluice.crm.ObjectShape.Kind;
import io.sluice.store.TestDatabase;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class RowCheckTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    @Test
    void rowsThatDoNotFitAreCountedAndNeverShown() throws Exception {
        DATABASE.run("create schema if not exists app");
        DATABASE.run(
                "create table app.looked (id int primary key, short varchar(80), free text, tier text, tags text)");
        DATABASE.run(
                "insert into app.looked values (1, 'x', repeat('y', 50), 'gold', 'a;b'), (2, 'x', 'y', 'secret', 'a;hidden')");
        Sync sync = new Sync();
        sync.setName("looked");
        sync.setTable("app.looked");
        sync.setObject("Thing");
        sync.setFields(Map.of("short", "Short", "free", "Free", "tier", "Tier", "tags", "Tags"));
        ObjectShape shape = new ObjectShape(
                "Thing",
                Map.of(
                        "Short",
                        text("Short", 40),
                        "Free",
                        text("Free", 40),
                        "Tier",
                        choice("Tier", Kind.CHOICE, "gold", "silver"),
                        "Tags",
                        choice("Tags", Kind.CHOICES, "a", "b")));

        List<String> warnings = new RowCheck(DATABASE.sluice())
                .warnings(sync, shape, Map.of("short", "varchar", "free", "text", "tier", "text", "tags", "text"));

        assertThat(warnings)
                .hasSize(4)
                .anySatisfy(it -> assertThat(it).contains("'short'", "40 characters", "may hold 80"))
                .anySatisfy(it -> assertThat(it).contains("'free'", "may hold 50"))
                .anySatisfy(it -> assertThat(it).contains("'tier'", "1 of the column's values"))
                .anySatisfy(it -> assertThat(it).contains("'tags'", "1 of the column's values"))
                .noneMatch(it -> it.contains("secret") || it.contains("hidden"));
    }

    private static ObjectShape.Field text(String name, int length) {
        return new ObjectShape.Field(
                name,
                "string",
                true,
                false,
                List.of(),
                new Facts(Kind.TEXT, length, List.of(), false, null, false, false));
    }

    private static ObjectShape.Field choice(String name, Kind kind, String... options) {
        return new ObjectShape.Field(
                name,
                "picklist",
                true,
                false,
                List.of(),
                new Facts(kind, 0, List.of(options), false, null, false, false));
    }
}
