package io.sluice.crm;

import io.sluice.RecordChange;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;

/** More records than the memory holds: they pass by one at a time. */
public interface RecordStream {

    /** Every field that any of the records has. */
    List<String> fields() throws Exception;

    /** Hands each record on, in the same order whenever it is asked. */
    void each(Consumer<RecordChange> reader) throws Exception;

    /** Those of a list. */
    static RecordStream of(List<RecordChange> changes) {
        return new RecordStream() {
            @Override
            public List<String> fields() {
                return changes.stream().map(change -> change.fields().keySet()).flatMap(Collection::stream).distinct()
                        .toList();
            }

            @Override
            public void each(Consumer<RecordChange> reader) {
                changes.forEach(reader);
            }
        };
    }
}
