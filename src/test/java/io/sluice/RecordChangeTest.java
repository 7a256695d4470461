// SPDX-License-Identifier: Apache-2.0
package io.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RecordChangeTest {

    @Test
    void aMapWithKeyAndFieldsIsAnUpsert() {
        assertThat(RecordChange.listOf(List.of(Map.of("key", 7, "fields", Map.of("Name", "One")))))
                .containsExactly(new RecordChange("7", Operation.UPSERT, null, Map.of("Name", "One")));
    }

    @Test
    void aMapMayNameItsOperationAndTheCrmsId() {
        assertThat(RecordChange.listOf(List.of(Map.of("key", "A", "operation", "delete", "crmId", "003A"))))
                .containsExactly(new RecordChange("A", Operation.DELETE, "003A", Map.of()));
    }

    @Test
    void changesPassUnchangedAndInOrder() {
        RecordChange first = new RecordChange("B", Operation.UPSERT, null, Map.of());
        RecordChange second = new RecordChange("A", Operation.DELETE, "1", Map.of());

        assertThat(RecordChange.listOf(List.of(first, second))).containsExactly(first, second);
    }

    @Test
    void aNullFieldIsKeptAndDiffersFromAnAbsentOne() {
        Map<String, Object> fields = new HashMap<>();
        fields.put("Phone", null);

        Map<String, Object> read = RecordChange.listOf(List.of(Map.of("key", "A", "fields", fields)))
                .get(0)
                .fields();

        assertThat(read).containsEntry("Phone", null).hasSize(1);
        assertThat(read.containsKey("Email")).isFalse();
    }

    @Test
    void fieldsAreImmutable() {
        Map<String, Object> fields = new HashMap<>(Map.of("Name", "One"));
        RecordChange recordChange = new RecordChange("A", Operation.UPSERT, null, fields);
        fields.put("Name", "Two");

        assertThat(recordChange.fields()).containsEntry("Name", "One");
        assertThatThrownBy(() -> recordChange.fields().put("Name", "Three"))
                .isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void aBodyThatIsNoListIsRejectedAndTheErrorSaysWhatIsExpected() {
        assertThatThrownBy(() -> RecordChange.listOf("text"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a list of records with key, operation and fields")
                .hasMessageContaining("java.lang.String");
        assertThatThrownBy(() -> RecordChange.listOf(null)).hasMessageContaining("got nothing");
    }

    @Test
    void aRecordWithoutAKeyIsRejectedAndTheErrorNamesItsIndex() {
        assertThatThrownBy(() -> RecordChange.listOf(List.of(Map.of("key", "A"), Map.of("fields", Map.of()))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Record 1 has no key");
        assertThatThrownBy(() -> RecordChange.listOf(Arrays.asList((Object) null)))
                .hasMessageContaining("Record 0 has no key");
    }

    @Test
    void anUnknownOperationIsRejected() {
        assertThatThrownBy(() -> RecordChange.listOf(List.of(Map.of("key", "A", "operation", "explode"))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("EXPLODE");
    }
}
