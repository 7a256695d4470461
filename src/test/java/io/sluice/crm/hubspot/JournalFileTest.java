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

class JournalFileTest {

    private static final Instant AT = Instant.parse("2026-11-27T08:00:00.123Z");

    private static List<CrmEvent> read(String... events) throws IOException {
        return JournalFile.read(
                ("{\"offset\":\"o\",\"journalEvents\":[" + String.join(",", events) + "]}").getBytes(UTF_8),
                "1",
                new ArrayList<>());
    }

    private static String event(String action, String more) {
        return "{\"type\":\"OBJECT\",\"portalId\":1,\"occurredAt\":\"" + AT + "\",\"action\":\"" + action
                + "\",\"objectTypeId\":\"0-1\",\"objectId\":5" + more + "}";
    }

    @Test
    void anUpdateIsAValueForEachPropertyAndNothingIsNull() throws IOException {
        List<CrmEvent> events = read(
                event("UPDATE", ",\"propertyChanges\":{\"city\":\"Köln\",\"phone\":\"\",\"tier\":null,\"amount\":5}"));
        assertThat(events).extracting(CrmEvent::kind).containsOnly(CrmEvent.Kind.VALUE);
        assertThat(events).extracting(CrmEvent::object).containsOnly("contacts");
        assertThat(events).extracting(CrmEvent::crmId).containsOnly("5");
        assertThat(events).extracting(CrmEvent::at).containsOnly(AT);
        assertThat(events).extracting(CrmEvent::field).containsExactly("city", "phone", "tier", "amount");
        assertThat(events).extracting(CrmEvent::value).containsExactly("Köln", null, null, "5");
        assertThat(events).extracting(CrmEvent::identity).doesNotHaveDuplicates();
    }

    @Test
    void aRepeatedEventHasTheSameIdentityAndAnotherValueAnother() throws IOException {
        String once = event("UPDATE", ",\"propertyChanges\":{\"city\":\"Köln\"}");
        List<CrmEvent> events = read(once, once, once.replace("Köln", "Bonn"), once.replace(".123Z", ".124Z"));
        assertThat(events.get(0).identity()).isEqualTo(events.get(1).identity());
        assertThat(events.stream().map(CrmEvent::identity).distinct()).hasSize(3);
    }

    @Test
    void aCreationHasTheFirstValues() throws IOException {
        assertThat(read(event("CREATE", ",\"propertyChanges\":{\"city\":\"Köln\"}")))
                .extracting(CrmEvent::kind)
                .containsExactly(CrmEvent.Kind.CREATED, CrmEvent.Kind.VALUE);
    }

    @Test
    void anEventWithoutReadableValuesIsReadBack() throws IOException {
        assertThat(read(
                        event("UPDATE", ""),
                        event("UPDATE", ",\"propertyChanges\":{\"city\":{\"from\":\"a\",\"to\":\"b\"}}"),
                        event("RESTORE", ""),
                        event("SNAPSHOT", ",\"propertyChanges\":{\"city\":\"Köln\"}")))
                .extracting(CrmEvent::kind)
                .hasSize(4)
                .containsOnly(CrmEvent.Kind.READ_BACK);
    }

    @Test
    void allRecordsOfAMergeAreReadBack() throws IOException {
        List<CrmEvent> events = read(event("MERGE", ",\"primaryObjectId\":6,\"mergedObjectIds\":[7,8]"));
        assertThat(events).extracting(CrmEvent::crmId).containsExactly("5", "6", "7", "8");
        assertThat(events).extracting(CrmEvent::kind).containsOnly(CrmEvent.Kind.READ_BACK);
        assertThat(events).extracting(CrmEvent::identity).doesNotHaveDuplicates();
    }

    @Test
    void aDeleteIsAnEventAndOtherActionsAreNot() throws IOException {
        List<CrmEvent> events = read(event("DELETE", ""), event("ADDED_TO_LIST", ""));
        assertThat(events).extracting(CrmEvent::kind).containsExactly(CrmEvent.Kind.DELETED);
    }

    @Test
    void eventsOfOtherAccountsAreSkippedAndAPermanentDeleteIsADelete() throws IOException {
        String ours = event("GDPR_DELETE", "");
        assertThat(read(ours, ours.replace("\"portalId\":1", "\"portalId\":11"), ours.replace("\"portalId\":1,", "")))
                .extracting(CrmEvent::kind)
                .containsExactly(CrmEvent.Kind.DELETED, CrmEvent.Kind.DELETED);
    }

    @Test
    void anAssociatedRecordIsReadBack() throws IOException {
        List<CrmEvent> events = read(
                event("ASSOCIATION_ADDED", ",\"associatedObjectTypeId\":\"0-2\",\"associatedObjectId\":8"),
                event("ASSOCIATION_REMOVED", ",\"associatedObjectTypeId\":\"0-2\",\"associatedObjectId\":8"),
                event("ASSOCIATION_ADDED", ",\"associatedObjectTypeId\":\"0-2\",\"associatedObjectId\":9"));
        assertThat(events).extracting(CrmEvent::kind).containsOnly(CrmEvent.Kind.READ_BACK);
        assertThat(events).extracting(CrmEvent::crmId).containsOnly("5");
        assertThat(events).extracting(CrmEvent::identity).hasSize(3).doesNotHaveDuplicates();
    }

    @Test
    void aTimeMayBeInMilliseconds() throws IOException {
        assertThat(read(event("DELETE", "").replace("\"" + AT + "\"", "" + AT.toEpochMilli())))
                .singleElement()
                .extracting(CrmEvent::at)
                .isEqualTo(AT);
    }

    @Test
    void aCustomObjectKeepsItsTypeId() throws IOException {
        assertThat(read(event("DELETE", "").replace("0-1", "2-2000001")))
                .singleElement()
                .extracting(CrmEvent::object)
                .isEqualTo("2-2000001");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "{}", "{\"journalEvents\":5}", "nonsense"})
    void aFileInAnotherFormatIsRejected(String file) {
        assertThatThrownBy(() -> JournalFile.read(file.getBytes(UTF_8), "1", new ArrayList<>()))
                .isInstanceOf(IOException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"action\":\"DELETE\",\"objectId\":5,\"occurredAt\":\"2026-11-27T08:00:00Z\"}",
                "{\"action\":\"DELETE\",\"objectTypeId\":\"0-1\",\"occurredAt\":\"2026-11-27T08:00:00Z\"}",
                "{\"action\":\"DELETE\",\"objectTypeId\":\"0-1\",\"objectId\":\"x\",\"occurredAt\":\"2026-11-27T08:00:00Z\"}",
                "{\"action\":\"DELETE\",\"objectTypeId\":\"0-1\",\"objectId\":5}",
                "{\"action\":\"DELETE\",\"objectTypeId\":\"0-1\",\"objectId\":5,\"occurredAt\":\"soon\"}",
                "{\"action\":\"DELETE\",\"objectTypeId\":\"0-1\",\"objectId\":5,\"occurredAt\":-1}",
                "{\"action\":\"DELETE\",\"objectTypeId\":\"0-1\",\"objectId\":5,\"occurredAt\":9223372036854775807}",
                "{\"action\":\"DELETE\",\"objectTypeId\":\"0-1\",\"objectId\":5,\"occurredAt\":\"+1000000000-12-31T23:59:59Z\"}"
            })
    void anUnreadableEventDoesNotAffectTheOthers(String odd) throws IOException {
        List<RejectedEvent> rejected = new ArrayList<>();
        String file = "{\"journalEvents\":[" + event("DELETE", "") + "," + odd + ","
                + event("DELETE", "").replace(":5", ":6") + "]}";
        assertThat(JournalFile.read(file.getBytes(UTF_8), "1", rejected))
                .extracting(CrmEvent::crmId)
                .containsExactly("5", "6");
        assertThat(rejected).hasSize(1);
    }
}
