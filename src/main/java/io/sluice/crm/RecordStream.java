// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import io.sluice.RecordChange;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;

/** Streams records one at a time, when there are too many for the memory. */
public interface RecordStream {

    /** Returns every field that any of the records has. */
    List<String> fields() throws Exception;

    /** Passes each record to the reader, in the same order on every call. */
    void each(Consumer<RecordChange> reader) throws Exception;

    /** Streams the records of a list. */
    static RecordStream of(List<RecordChange> changes) {
        return new RecordStream() {
            @Override
            public List<String> fields() {
                return changes.stream()
                        .map(change -> change.fields().keySet())
                        .flatMap(Collection::stream)
                        .distinct()
                        .toList();
            }

            @Override
            public void each(Consumer<RecordChange> reader) {
                changes.forEach(reader);
            }
        };
    }
}
