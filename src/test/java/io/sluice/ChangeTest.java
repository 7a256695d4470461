package io.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ChangeTest {

    @Test
    void aMapWithKeyAndFieldsIsAnUpsert() {
        assertThat(Change.listOf(List.of(Map.of("key", 7, "fields", Map.of("Name", "One")))))
                .containsExactly(new Change("7", Operation.UPSERT, null, Map.of("Name", "One")));
    }

    @Test
    void aMapMayNameItsOperationAndTheCrmsId() {
        assertThat(Change.listOf(List.of(Map.of("key", "A", "operation", "delete", "crmId", "003A"))))
                .containsExactly(new Change("A", Operation.DELETE, "003A", Map.of()));
    }

    @Test
    void changesPassAsTheyAreAndInOrder() {
        Change first = new Change("B", Operation.UPSERT, null, Map.of());
        Change second = new Change("A", Operation.DELETE, "1", Map.of());

        assertThat(Change.listOf(List.of(first, second))).containsExactly(first, second);
    }

    @Test
    void aFieldThatIsNullStaysAndIsNotTheSameAsAnAbsentOne() {
        Map<String, Object> fields = new HashMap<>();
        fields.put("Phone", null);

        Map<String, Object> read = Change.listOf(List.of(Map.of("key", "A", "fields", fields))).get(0).fields();

        assertThat(read).containsEntry("Phone", null).hasSize(1);
        assertThat(read.containsKey("Email")).isFalse();
    }

    @Test
    void fieldsCanNotBeChangedFromOutside() {
        Map<String, Object> fields = new HashMap<>(Map.of("Name", "One"));
        Change change = new Change("A", Operation.UPSERT, null, fields);
        fields.put("Name", "Two");

        assertThat(change.fields()).containsEntry("Name", "One");
        assertThatThrownBy(() -> change.fields().put("Name", "Three")).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void somethingElseThanAListIsRefusedWithWhatIsWanted() {
        assertThatThrownBy(() -> Change.listOf("text")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a list of records with key, operation and fields").hasMessageContaining("java.lang.String");
        assertThatThrownBy(() -> Change.listOf(null)).hasMessageContaining("got nothing");
    }

    @Test
    void aRecordWithoutAKeyIsRefusedWithItsPlace() {
        assertThatThrownBy(() -> Change.listOf(List.of(Map.of("key", "A"), Map.of("fields", Map.of()))))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("Record 1 has no key");
        assertThatThrownBy(() -> Change.listOf(Arrays.asList((Object) null))).hasMessageContaining("Record 0 has no key");
    }

    @Test
    void anUnknownOperationIsRefused() {
        assertThatThrownBy(() -> Change.listOf(List.of(Map.of("key", "A", "operation", "explode"))))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("EXPLODE");
    }
}
