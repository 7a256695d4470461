package io.sluice.sandbox.salesforce.soql;

import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.ObjectType;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;

import java.util.ArrayList;
import java.util.List;

/** A field reached over parents, such as {@code Customer__r.Account.Name}, resolved against the objects. */
public record Path(List<Step> parents, Field field) implements Execution.Item {

    /** A reference and the table it leads to. */
    public record Step(Field reference, Table table) { }

    /** @throws MalformedQueryException INVALID_FIELD when the object has no such field or relationship */
    static Path resolve(Store store, Table from, String text) {
        String[] parts = text.split("\\.");
        int first = parts.length > 1 && parts[0].equalsIgnoreCase(from.type().name()) ? 1 : 0;
        Table table = from;
        List<Step> parents = new ArrayList<>();
        for (int i = first; i < parts.length - 1; i++) {
            ObjectType type = table.type();
            String name = parts[i];
            Field reference = type.relationship(name).orElseThrow(() -> new MalformedQueryException("INVALID_FIELD",
                    "Didn't understand relationship '" + name + "' in field path. If you are attempting to use a custom"
                    + " relationship, be sure to append the '__r' after the custom relationship name."));
            table = store.table(reference.referenceTo()).orElseThrow(() -> new MalformedQueryException("INVALID_FIELD",
                    "The relationship '" + name + "' leads to an object that this sandbox does not have."));
            parents.add(new Step(reference, table));
        }
        String object = table.type().name();
        String name = parts[parts.length - 1];
        return new Path(parents, table.type().field(name).orElseThrow(() -> new MalformedQueryException(
                "INVALID_FIELD", "No such column '" + name + "' on entity '" + object + "'. If you are attempting to use "
                + "a custom field, be sure to append the '__c' after the custom field name.")));
    }

    /** The path with each name as the object has it, such as {@code Owner.Name}. */
    public String name() {
        StringBuilder name = new StringBuilder();
        parents.forEach(step -> name.append(step.reference().relationship()).append('.'));
        return name.append(field.name()).toString();
    }

    /** The field's value as it is kept, null where a parent is missing. */
    public Object read(Row row) {
        Row at = row;
        for (Step step : parents) {
            Object id = step.reference().read(at);
            at = id == null ? null : step.table().row((String) id);
            if (at == null) {
                return null;
            }
        }
        return field.read(at);
    }
}
