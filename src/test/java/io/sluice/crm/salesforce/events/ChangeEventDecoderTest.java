// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce.events;

import static io.sluice.crm.salesforce.events.ContactEvents.COMMITTED;
import static io.sluice.crm.salesforce.events.ContactEvents.SCHEMA;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.CrmEvent;
import io.sluice.CrmEvent.Kind;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChangeEventDecoderTest {

    private static final String ANN = "003000000000001AAA";
    private static final String BOB = "003000000000002AAA";

    private static List<String> events(ContactEvents event) throws UndecodableEvent {
        return event.decoded().crmEvents("sluice").stream()
                .map(it ->
                        it.kind() + " " + it.crmId() + (it.field() == null ? "" : " " + it.field() + "=" + it.value()))
                .toList();
    }

    @Test
    void anUpdateHasTheChangedFieldsAlone() throws UndecodableEvent {
        assertThat(events(ContactEvents.of("UPDATE", ANN)
                        .with("Email", "a@example.org")
                        .with("LastModifiedDate", COMMITTED.toEpochMilli())
                        .changed("0x44")))
                .containsExactly(
                        "value " + ANN + " Email=a@example.org",
                        "value " + ANN + " LastModifiedDate=2026-03-04T05:06:07.089+0000");
    }

    @Test
    void anEmptiedFieldIsEmptyAndAMissingValueIsRead() throws UndecodableEvent {
        assertThat(events(ContactEvents.of("UPDATE", ANN).changed("0x0c").nulled("0x08")))
                .as("Email changed, but its value is missing; Phone was emptied")
                .containsExactly("value " + ANN + " Phone=null", "read_back " + ANN);
    }

    @Test
    void partsOfCompoundFieldsAreFieldsOfTheirOwn() throws UndecodableEvent {
        assertThat(events(ContactEvents.of("UPDATE", ANN)
                        .with("Name", "LastName", "Miller")
                        .with("MailingAddress", "City", "Bonn")
                        .with("Site__c", "Latitude", 50.5)
                        .changed("1-0x04", "4-0x02", "11-0x01")
                        .nulled("1-0x02")))
                .containsExactly(
                        "value " + ANN + " LastName=Miller",
                        "value " + ANN + " MailingCity=Bonn",
                        "value " + ANN + " Site__Latitude__s=50.5",
                        "value " + ANN + " FirstName=null");
    }

    @Test
    void aCompoundFieldThatWasEmptiedAsAWholeHasEmptyParts() throws UndecodableEvent {
        assertThat(events(ContactEvents.of("UPDATE", ANN).changed("0x10").nulled("0x10")))
                .containsExactly(
                        "value " + ANN + " MailingStreet=null",
                        "value " + ANN + " MailingCity=null",
                        "value " + ANN + " MailingPostalCode=null",
                        "value " + ANN + " MailingLatitude=null");
    }

    @Test
    void eachTypeIsWrittenAsTheRestApiWritesIt() throws UndecodableEvent {
        assertThat(events(ContactEvents.of("UPDATE", ANN)
                        .with("Birthdate", Instant.parse("1990-12-31T00:00:00Z").toEpochMilli())
                        .with("Amount__c", 1234567890.5)
                        .with("Active__c", true)
                        .with("Visits__c", 7)
                        .with("Opens_At__c", 30_600_000L)
                        .with("Seen_At__c", 0L)
                        .changed("0x7620")))
                .containsExactly(
                        "value " + ANN + " Birthdate=1990-12-31",
                        "value " + ANN + " Amount__c=1234567890.5",
                        "value " + ANN + " Active__c=true",
                        "value " + ANN + " Visits__c=7",
                        "value " + ANN + " Opens_At__c=08:30:00.000Z",
                        "value " + ANN + " Seen_At__c=1970-01-01T00:00:00.000+0000");
        assertThat(events(ContactEvents.update("Amount__c", 10.0, ANN)))
                .containsExactly("value " + ANN + " Amount__c=10");
    }

    @Test
    void aDifferenceToALongTextIsReadBack() throws UndecodableEvent {
        assertThat(events(ContactEvents.update("Phone", "@@ -1 +1 @@", ANN).header("diffFields", List.of("0x08"))))
                .containsExactly("read_back " + ANN);
    }

    @Test
    void anUpdateThatNamesNoFieldIsReadBack() throws UndecodableEvent {
        assertThat(events(ContactEvents.of("UPDATE", ANN).with("Email", "a@example.org")))
                .containsExactly("read_back " + ANN);
    }

    @Test
    void aNewRecordHasItsFilledFields() throws UndecodableEvent {
        ContactEvents event = ContactEvents.of("CREATE", ANN)
                .with("Name", "LastName", "Miller")
                .with("Customer_No__c", "C-1");
        assertThat(events(event))
                .containsExactly(
                        "created " + ANN, "value " + ANN + " LastName=Miller", "value " + ANN + " Customer_No__c=C-1");
    }

    @Test
    void aRecordThatSluiceCreatesIsNotAnnounced() throws UndecodableEvent {
        ContactEvents event = ContactEvents.of("CREATE", ANN).with("Customer_No__c", "C-1");
        assertThat(events(event.by("sluice"))).containsExactly("value " + ANN + " Customer_No__c=C-1");
        assertThat(events(event.by("sluice2"))).contains("created " + ANN);
        assertThat(events(event.by("other"))).contains("created " + ANN);
    }

    @Test
    void oneEventMayBeAboutManyRecords() throws UndecodableEvent {
        List<CrmEvent> events =
                ContactEvents.update("Phone", "1", ANN, BOB, ANN).decoded().crmEvents("sluice");
        assertThat(events).extracting(CrmEvent::crmId).containsExactly(ANN, BOB);
        assertThat(events).extracting(CrmEvent::identity).doesNotHaveDuplicates();
    }

    @Test
    void anEventHasOneIdentityHoweverOftenItArrives() throws UndecodableEvent {
        ContactEvents event = ContactEvents.update("Phone", "1", ANN);
        assertThat(event.decoded().crmEvents("sluice"))
                .isEqualTo(event.decoded().crmEvents("sluice"));
        CrmEvent second =
                event.header("sequenceNumber", 2).decoded().crmEvents("sluice").get(0);
        CrmEvent first =
                event.header("sequenceNumber", 1).decoded().crmEvents("sluice").get(0);
        assertThat(first.identity()).isNotEqualTo(second.identity());
        assertThat(first.at()).isEqualTo(COMMITTED);
        assertThat(second.at()).as("in the order of the transaction").isAfter(first.at());
    }

    @ParameterizedTest
    @ValueSource(strings = {"UNDELETE", "GAP_CREATE", "GAP_UPDATE", "GAP_UNDELETE", "SNAPSHOT"})
    void whatAnEventDoesNotShowIsReadBack(String type) throws UndecodableEvent {
        assertThat(events(ContactEvents.of(type, ANN, BOB))).containsExactly("read_back " + ANN, "read_back " + BOB);
    }

    @ParameterizedTest
    @ValueSource(strings = {"DELETE", "GAP_DELETE"})
    void aDeleteIsOne(String type) throws UndecodableEvent {
        assertThat(events(ContactEvents.of(type, ANN))).containsExactly("deleted " + ANN);
    }

    @Test
    void changesWithoutIdsAreAGapOfTheObject() throws UndecodableEvent {
        for (ContactEvents event : List.of(
                ContactEvents.of("GAP_OVERFLOW"),
                ContactEvents.of("GAP_OVERFLOW", "000000000000000AAA"),
                ContactEvents.of("GAP_UPDATE", "000000000000000AAA"),
                ContactEvents.of("GAP_UPDATE", "003*"),
                ContactEvents.of("UPDATE", ANN, "003000000000*")
                        .with("Phone", "1")
                        .changed("0x08"))) {
            assertThat(event.decoded().crmEvents("sluice")).singleElement().satisfies(gap -> {
                assertThat(gap.kind()).isEqualTo(Kind.GAP);
                assertThat(gap.object()).isEqualTo("Contact");
            });
        }
    }

    @Test
    void ofAnEventThatDoesNotFitItsSchemaTheHeaderIsRead() {
        byte[] whole = ContactEvents.update("Phone", "12345", ANN).payload();
        byte[] cut = Arrays.copyOf(whole, whole.length - 12);
        assertThatThrownBy(() -> ChangeEventDecoder.decode(SCHEMA, cut))
                .isInstanceOf(UndecodableEvent.class)
                .hasMessage("an event that does not fit its schema");
        assertThat(ChangeEventDecoder.header(SCHEMA, cut).orElseThrow().unread())
                .extracting(CrmEvent::kind, CrmEvent::crmId)
                .containsExactly(org.assertj.core.groups.Tuple.tuple(Kind.READ_BACK, ANN));
        assertThat(ChangeEventDecoder.header(SCHEMA, new byte[] {1, 2})).isEmpty();
    }

    @Property
    void noPayloadDoesMoreThanFail(@ForAll @Size(max = 300) byte[] payload) {
        assertDecodedOrUndecodable(payload);
    }

    @Property
    void noDamagedPayloadDoesMoreThanFail(
            @ForAll @IntRange(max = 200) int position, @ForAll byte value, @ForAll @IntRange(max = 200) int cut) {
        byte[] payload = ContactEvents.of("UPDATE", ANN, BOB)
                .with("Name", "LastName", "Miller")
                .with("Amount__c", 1.5)
                .changed("0x200", "1-0x04")
                .payload();
        payload[position % payload.length] = value;
        assertDecodedOrUndecodable(Arrays.copyOf(payload, payload.length - cut % payload.length));
    }

    private static void assertDecodedOrUndecodable(byte[] payload) {
        try {
            assertThat(ChangeEventDecoder.decode(SCHEMA, payload).crmEvents("sluice"))
                    .isNotNull();
        } catch (UndecodableEvent odd) {
            assertThat(odd.getMessage()).matches("an? [a-zA-Z ]+");
        }
    }

    @Test
    void aSchemaOfAnotherKindIsNone() {
        for (String json : List.of("", "{}", "\"string\"", "{\"type\":\"record\",\"name\":\"A\",\"fields\":[]}")) {
            assertThatThrownBy(() -> ChangeEventDecoder.schema(json)).as(json).isInstanceOf(UndecodableEvent.class);
        }
    }

    @Test
    void theSchemaIsReadFromItsJson() throws UndecodableEvent {
        assertThat(ChangeEventDecoder.schema(SCHEMA.toString())).isEqualTo(SCHEMA);
    }
}
