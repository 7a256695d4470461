// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.CrmEvent;
import io.sluice.RejectedEvent;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NotificationsTest {

    private static final Instant AT = Instant.ofEpochMilli(1_796_000_000_000L);
    private final Notifications notifications = new Notifications("600001");
    private final List<RejectedEvent> rejected = new ArrayList<>();

    private List<CrmEvent> read(String... events) throws IOException {
        return notifications.read(("[" + String.join(",", events) + "]").getBytes(UTF_8), rejected);
    }

    private static String event(String type, String more) {
        return "{\"eventId\":1,\"subscriptionId\":7001,\"occurredAt\":1796000000000,\"subscriptionType\":\"" + type
                + "\"," + "\"objectId\":500100" + more + "}";
    }

    private static String change(String value, String more) {
        return event(
                "contact.propertyChange", ",\"propertyName\":\"email\",\"propertyValue\":\"" + value + "\"" + more);
    }

    @Test
    void aChangeHasTheFieldAndItsNewValue() throws IOException {
        CrmEvent crmEvent =
                read(change("x@example.org", ",\"changeSource\":\"CRM_UI\"")).get(0);
        assertThat(crmEvent)
                .usingRecursiveComparison()
                .ignoringFields("identity")
                .isEqualTo(CrmEvent.value(null, "contacts", "500100", "email", "x@example.org", AT));
        assertThat(read(change("", "")).get(0).value()).isNull();
        assertThat(read(change("a\\u0000b", "")).get(0).value())
                .as("PostgreSQL has no such character")
                .isEqualTo("ab");
    }

    @Test
    void eachKindOfEventIsRead() throws IOException {
        assertThat(read(
                        event("company.creation", ""),
                        event("deal.deletion", ""),
                        event("contact.privacyDeletion", ""),
                        event("ticket.restore", ""),
                        event("object.creation", ",\"objectTypeId\":\"2-77\""),
                        event("conversation.newMessage", "")))
                .extracting(it -> it.object() + " " + it.kind())
                .containsExactly(
                        "companies created", "deals deleted", "contacts deleted", "tickets read_back", "2-77 created");
    }

    private static String association(String type, String more) {
        return "{\"subscriptionId\":7001,\"subscriptionType\":\"" + type + "\",\"occurredAt\":1796000000000,"
                + "\"associationType\":\"CONTACT_TO_COMPANY\",\"fromObjectId\":5,\"toObjectId\":6,"
                + "\"isPrimaryAssociation\":false" + more + "}";
    }

    @Test
    void anAddedOrRemovedAssociationReadsItsRecordBack() throws IOException {
        assertThat(read(
                        association("contact.associationChange", ",\"associationRemoved\":false"),
                        association("contact.associationChange", ",\"associationRemoved\":true"),
                        association(
                                "object.associationChange",
                                ",\"fromObjectTypeId\":\"0-1\",\"toObjectTypeId\":\"0-2\"")))
                .extracting(it -> it.object() + " " + it.crmId() + " " + it.kind())
                .containsExactly("contacts 5 read_back", "contacts 5 read_back", "contacts 5 read_back");
        assertThat(read(association(
                        "contact.associationChange", ",\"changeSource\":\"INTEGRATION\",\"sourceId\":\"600001\"")))
                .as("made by our own app")
                .isEmpty();
    }

    @Test
    void allMergedRecordsAreReadBack() throws IOException {
        assertThat(read(event("contact.merge", ",\"primaryObjectId\":1,\"mergedObjectIds\":[2,3],\"newObjectId\":9")))
                .extracting(CrmEvent::crmId)
                .containsExactly("9", "1", "2", "3");
    }

    @Test
    void aRepeatedEventHasTheSameIdentityWhateverItsEventId() throws IOException {
        CrmEvent first = read(change("a", "")).get(0);
        assertThat(read(change("a", ",\"attemptNumber\":3").replace("\"eventId\":1", "\"eventId\":2"))
                        .get(0)
                        .identity())
                .isEqualTo(first.identity());
        assertThat(read(change("a", "").replace("1796000000000", "1796000000001"))
                        .get(0)
                        .identity())
                .isNotEqualTo(first.identity());
        assertThat(read(change("b", "")).get(0).identity())
                .as("two values in one millisecond")
                .isNotEqualTo(first.identity());
        assertThat(read(change("a", "").replace("email", "phone")).get(0).identity())
                .isNotEqualTo(first.identity());
        assertThat(read(change("a", "").replace("500100", "500101")).get(0).identity())
                .isNotEqualTo(first.identity());
        String made = association("contact.associationChange", "");
        assertThat(read(made).get(0).identity())
                .isEqualTo(read(made).get(0).identity())
                .isNotEqualTo(read(made.replace("\"toObjectId\":6", "\"toObjectId\":7"))
                        .get(0)
                        .identity());
    }

    @Test
    void changesByOurOwnAppAreSkipped() throws IOException {
        String ours = ",\"changeSource\":\"INTEGRATION\",\"sourceId\":\"600001\"";
        assertThat(read(change("a", ours))).isEmpty();
        assertThat(read(change("a", ours.replace("600001", "600002")))).hasSize(1);
        assertThat(new Notifications(null).read(("[" + change("a", ours) + "]").getBytes(UTF_8), rejected))
                .hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{}", "null", "not json", "[{\"a\":1}", "5", "\"[]\""})
    void aBodyThatIsNoArrayOfEventsIsRejected(String body) {
        assertThatThrownBy(() -> notifications.read(body.getBytes(UTF_8), rejected))
                .isInstanceOf(IOException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1",
                "{}",
                "[]",
                "null",
                "\"text\"",
                "{\"subscriptionType\":\"contact.creation\"}",
                "{\"subscriptionType\":\"contact.creation\",\"objectId\":1,\"occurredAt\":\"now\"}",
                "{\"subscriptionType\":\"contact.creation\",\"objectId\":\"1; drop\",\"occurredAt\":1}",
                "{\"subscriptionType\":\"contact.creation\",\"objectId\":1,\"occurredAt\":99999999999999999999}",
                "{\"subscriptionType\":\"contact.propertyChange\",\"objectId\":1,\"propertyValue\":\"a\",\"occurredAt\":1}",
                "{\"subscriptionType\":\"contact.merge\",\"objectId\":1,\"mergedObjectIds\":[2,\"x\"],\"occurredAt\":1}"
            })
    void anUnreadableEventIsReportedWithoutItsValuesAndDoesNotAffectTheOthers(String odd) throws IOException {
        List<String> events = new ArrayList<>();
        for (int i = 0; i < 99; i++) {
            events.add(change("v" + i, "").replace("500100", "" + (500_100 + i)));
        }
        events.add(50, odd);

        assertThat(read(events.toArray(new String[0]))).hasSize(99);
        assertThat(rejected).hasSize(1);
        assertThat(rejected.get(0).why()).doesNotContain("drop", "now", "text").isNotBlank();
    }

    @Test
    void anEventWithoutAValueIsReadBackAndDoesNotEmptyTheField() throws IOException {
        String without = event("contact.propertyChange", ",\"propertyName\":\"email\"");
        assertThat(read(
                        without,
                        event("contact.propertyChange", ",\"propertyName\":\"email\",\"propertyValue\":null"),
                        event("contact.propertyChange", ",\"propertyName\":\"email\",\"propertyValue\":{\"a\":1}"),
                        change("half of a character \\ud83d", "")))
                .extracting(CrmEvent::kind)
                .containsOnly(CrmEvent.Kind.READ_BACK)
                .hasSize(4);
        assertThat(read(change("", "")).get(0).kind())
                .as("an empty text empties the field")
                .isEqualTo(CrmEvent.Kind.VALUE);
        assertThat(read(event("contact.propertyChange", ",\"propertyName\":\"n\",\"propertyValue\":5"))
                        .get(0)
                        .value())
                .isEqualTo("5");
        assertThat(rejected).isEmpty();
    }

    @Test
    void aTooDeeplyNestedBodyIsRejected() {
        byte[] nest = ("[".repeat(100_000) + "]".repeat(100_000)).getBytes(UTF_8);
        assertThatThrownBy(() -> notifications.read(nest, rejected)).isInstanceOf(IOException.class);
    }
}
