// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.pubsub;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.junit.jupiter.api.Test;

/** Lists of fields as bitmaps, by the published examples. */
class FieldBitmapTest {

    /** Has the fields 1 Name, 2 Type, 3 ParentId, 4 BillingAddress, 5 Phone and 6 LastModifiedDate. */
    private static final Schema ACCOUNT = SchemaBuilder.record("AccountChangeEvent")
            .fields()
            .requiredString("ChangeEventHeader")
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
            .optionalString("State")
            .endRecord()
            .optionalString("Phone")
            .optionalLong("LastModifiedDate")
            .endRecord();

    @Test
    void theLowestBitIsTheFirstField() {
        assertThat(FieldBitmap.of(ACCOUNT, List.of("Phone", "LastModifiedDate")))
                .containsExactly("0x60");
        assertThat(FieldBitmap.of(ACCOUNT, List.of("Name"))).containsExactly("0x02");
    }

    @Test
    void partsStandBehindTheIndexOfTheirField() {
        assertThat(FieldBitmap.of(ACCOUNT, List.of("BillingAddress.City", "LastModifiedDate")))
                .containsExactly("0x40", "4-0x02");
        assertThat(FieldBitmap.of(ACCOUNT, List.of("BillingAddress.State", "BillingAddress.Street")))
                .containsExactly("4-0x05");
    }

    @Test
    void aListWithoutFieldsIsEmpty() {
        assertThat(FieldBitmap.of(ACCOUNT, List.of())).isEmpty();
        assertThat(FieldBitmap.of(ACCOUNT, List.of("Gone__c"))).isEmpty();
    }

    @Test
    void digitsComeInPairsTheHighestFirst() {
        SchemaBuilder.FieldAssembler<Schema> fields =
                SchemaBuilder.record("Wide").fields();
        for (int i = 0; i < 20; i++) {
            fields.optionalString("F" + i);
        }
        assertThat(FieldBitmap.of(fields.endRecord(), List.of("F0", "F17"))).containsExactly("0x020001");
    }
}
