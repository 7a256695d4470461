// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce.events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.junit.jupiter.api.Test;

class FieldBitmapsTest {

    /** The fields of the published example. */
    private static final Schema ACCOUNT = SchemaBuilder.record("AccountChangeEvent")
            .fields()
            .optionalString("ChangeEventHeader")
            .optionalString("Name")
            .optionalString("Type")
            .optionalString("ParentId")
            .name("BillingAddress")
            .type()
            .optional()
            .record("Address")
            .fields()
            .optionalString("Street")
            .optionalString("City")
            .endRecord()
            .optionalString("Phone")
            .optionalLong("LastModifiedDate")
            .endRecord();

    private static List<String> fields(String... bitmaps) throws UndecodableEvent {
        return FieldBitmaps.fields(ACCOUNT, List.of(bitmaps)).stream()
                .map(field -> field.compound() == null ? field.name() : field.compound() + "." + field.name())
                .toList();
    }

    @Test
    void thePublishedExamplesAreRead() throws UndecodableEvent {
        assertThat(fields("0x60")).containsExactly("Phone", "LastModifiedDate");
        assertThat(fields("0x40", "4-0x02")).containsExactly("LastModifiedDate", "BillingAddress.City");
        assertThat(fields()).isEmpty();
    }

    @Test
    void partsStandAloneWhereNoFieldOfTheRecordChanged() throws UndecodableEvent {
        assertThat(fields("4-0x03")).containsExactly("BillingAddress.Street", "BillingAddress.City");
        assertThat(fields("0x10")).containsExactly("BillingAddress");
    }

    @Test
    void bitsOfLaterFieldsAreIgnoredAndAnythingElseIsNoBitmap() throws UndecodableEvent {
        assertThat(fields("0xFFFF00000000000000000020")).containsExactly("Phone");
        for (String odd : List.of("", "60", "0x", "0xZZ", "-0x1", "5-0x01", "99-0x01", "Phone")) {
            assertThatThrownBy(() -> fields(odd)).as(odd).isInstanceOf(UndecodableEvent.class);
        }
    }

    @Property
    void eachFieldHasItsBit(@ForAll @Size(max = 40) Set<@IntRange(max = 199) Integer> changed) throws UndecodableEvent {
        SchemaBuilder.FieldAssembler<Schema> fields =
                SchemaBuilder.record("Wide").fields();
        for (int i = 0; i < 200; i++) {
            fields = fields.optionalString("f" + i);
        }
        BigInteger bits = BigInteger.ZERO;
        for (int field : changed) {
            bits = bits.setBit(field);
        }
        assertThat(FieldBitmaps.fields(fields.endRecord(), List.of("0x" + bits.toString(16))))
                .isEqualTo(changed.stream().map(i -> FieldPath.of("f" + i)).collect(Collectors.toSet()));
    }

    @Test
    void aPartOfACompoundFieldHasTheNameOfItsOwnField() {
        assertThat(new FieldPath("Name", "LastName").apiName()).isEqualTo("LastName");
        assertThat(new FieldPath("MailingAddress", "City").apiName()).isEqualTo("MailingCity");
        assertThat(new FieldPath("Address", "City").apiName()).isEqualTo("City");
        assertThat(new FieldPath("LastKnownLocation", "Latitude").apiName()).isEqualTo("LastKnownLatitude");
        assertThat(new FieldPath("Site__c", "Latitude").apiName()).isEqualTo("Site__Latitude__s");
        assertThat(FieldPath.of("Email").apiName()).isEqualTo("Email");
    }
}
