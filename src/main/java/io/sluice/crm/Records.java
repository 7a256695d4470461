package io.sluice.crm;

import io.sluice.Change;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;

/** More records than the memory holds: they pass by one at a time. */
public interface Records {

    /** Every field that any of the records has. */
    List<String> fields() throws Exception;

    /** Hands each record on, in the same order whenever it is asked. */
    void each(Consumer<Change> reader) throws Exception;

    /** Those of a list. */
    static Records of(List<Change> changes) {
        return new Records() {
            @Override
            public List<String> fields() {
                return changes.stream().map(change -> change.fields().keySet()).flatMap(Collection::stream).distinct()
                        .toList();
            }

            @Override
            public void each(Consumer<Change> reader) {
                changes.forEach(reader);
            }
        };
    }
}
