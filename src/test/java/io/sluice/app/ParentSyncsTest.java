// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Sync;
import io.sluice.crm.ObjectShape;
import io.sluice.crm.ObjectShape.Field;
import io.sluice.outbox.Parents.Parent;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ParentSyncsTest {

    private static final Map<String, ObjectShape> SHAPES = Map.of(
            "Company",
                    shape("Company", new Field("No", "string", true, true), new Field("Name", "string", true, false)),
            "Deal",
                    shape(
                            "Deal",
                            new Field("Deal_No", "string", true, true),
                            new Field("Company", "reference", true, false, List.of("Company")),
                            new Field("Buyer", "reference", true, false, List.of("Person"))));

    private static ObjectShape shape(String name, Field... fields) {
        return new ObjectShape(
                name, List.of(fields).stream().collect(java.util.stream.Collectors.toMap(Field::name, field -> field)));
    }

    private static Sync sync(String name, String object, String externalId, Map<String, String> fields) {
        Sync sync = new Sync();
        sync.setName(name);
        sync.setFile("routes/syncs/" + name + ".camel.yaml");
        sync.setTable("app." + name);
        sync.setObject(object);
        sync.setExternalId(externalId);
        sync.setFields(fields);
        return sync;
    }

    private final Sync companies = sync("companies", "Company", "No", Map.of("name", "Name"));

    @Test
    void theParentIsWhatAnotherSyncFeedsByTheExternalIdThatTheFieldNames() {
        Sync deals = sync("deals", "Deal", "Deal_No", Map.of("company_no", "Company.No", "buyer", "Buyer.Id"));
        assertThat(ParentSyncs.of(List.of(deals, companies), SHAPES))
                .containsExactly(new Parent("deals", "Company.No", "Company", "app.companies"));
    }

    @Test
    void anObjectThatNoSyncFeedsByThatIdIsNoParent() {
        Sync deals = sync("deals", "Deal", "Deal_No", Map.of("company_no", "Company.No"));
        assertThat(ParentSyncs.of(List.of(deals), SHAPES)).isEmpty();
        assertThat(ParentSyncs.of(
                        List.of(deals, sync("others", "Company", "Other_No", Map.of("name", "Name"))), SHAPES))
                .isEmpty();
    }

    @Test
    void aFieldThatIsNoExternalIdOfTheParentIsNamedWithTheOneThatIs() {
        Sync deals = sync("deals", "Deal", "Deal_No", Map.of("company_no", "Company.Nr", "buyer", "Buyer.Anything"));
        assertThat(ParentSyncs.check(deals, SHAPES))
                .singleElement()
                .asString()
                .contains("deals", "company_no", "'Nr' is no external id of Company", "No");
        assertThat(ParentSyncs.check(companies, SHAPES)).isEmpty();
    }
}
