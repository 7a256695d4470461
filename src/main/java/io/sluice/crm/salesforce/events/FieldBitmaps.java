// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce.events;

import java.math.BigInteger;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.avro.Schema;

/**
 * Reads the bitmaps by which a change event names fields ("Change Event Header Fields",
 * https://developer.salesforce.com/docs/platform/pub-sub-api/guide/event-deserialization-considerations.html). The lowest bit
 * stands for the first field of the schema. A bitmap after {@code N-} is about the parts of the compound field N.
 *
 * <p>For example, if Phone is field 5 and BillingAddress is field 4 with City as part 1, {@code ["0x20", "4-0x02"]} names
 * Phone and BillingAddress.City.
 */
final class FieldBitmaps {

    private static final Pattern BITMAP = Pattern.compile("(?:(\\d{1,6})-)?0[xX]([0-9a-fA-F]{1,5000})");

    private FieldBitmaps() {}

    /**
     * Returns the named fields. Bits beyond the schema are ignored.
     *
     * @throws UndecodableEvent if a bitmap has another form
     */
    static Set<FieldPath> fields(Schema schema, List<String> bitmaps) throws UndecodableEvent {
        Set<FieldPath> fields = new LinkedHashSet<>();
        for (String text : bitmaps) {
            Matcher bitmap = BITMAP.matcher(text);
            if (!bitmap.matches()) {
                throw new UndecodableEvent("a bitmap of fields in an unknown form");
            }
            BigInteger bits = new BigInteger(bitmap.group(2), 16);
            if (bitmap.group(1) == null) {
                names(schema, bits).forEach(name -> fields.add(FieldPath.of(name)));
            } else {
                Schema.Field compound = field(schema, Integer.parseInt(bitmap.group(1)));
                Schema parts = recordOf(compound.schema());
                if (parts == null) {
                    throw new UndecodableEvent("a bitmap of the parts of a field that has none");
                }
                names(parts, bits).forEach(name -> fields.add(new FieldPath(compound.name(), name)));
            }
        }
        return fields;
    }

    private static Schema.Field field(Schema schema, int index) throws UndecodableEvent {
        if (index >= schema.getFields().size()) {
            throw new UndecodableEvent("a bitmap of a field that the schema does not have");
        }
        return schema.getFields().get(index);
    }

    private static Set<String> names(Schema schema, BigInteger bits) {
        Set<String> names = new LinkedHashSet<>();
        for (Schema.Field field : schema.getFields()) {
            if (bits.testBit(field.pos())) {
                names.add(field.name());
            }
        }
        return names;
    }

    /** Tells whether a field may be a text too, like the name of an account, which has parts if the account is a person. */
    static boolean mayBeText(Schema schema) {
        return schema.getType() == Schema.Type.UNION
                && schema.getTypes().stream().anyMatch(type -> type.getType() == Schema.Type.STRING);
    }

    /** Returns the record type of a compound field, which a union may contain; null for other fields. */
    static Schema recordOf(Schema schema) {
        if (schema.getType() == Schema.Type.RECORD) {
            return schema;
        }
        return schema.getType() != Schema.Type.UNION
                ? null
                : schema.getTypes().stream()
                        .filter(type -> type.getType() == Schema.Type.RECORD)
                        .findFirst()
                        .orElse(null);
    }
}
