// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.pubsub;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.avro.Schema;

/**
 * Writes lists of fields as change events have them: bitmaps in hexadecimal digits (<a
 * href="https://developer.salesforce.com/docs/platform/pub-sub-api/guide/event-deserialization-considerations.html">Event
 * Deserialization Considerations</a>). The lowest bit is the first field of the schema. The parts of a compound field
 * stand in an element of their own, behind the index of the compound field.
 *
 * <p>With Phone and LastModifiedDate the fields 5 and 6, and City the second part of field 4: the list of Phone and
 * LastModifiedDate is {@code ["0x60"]}, that of BillingAddress.City and LastModifiedDate {@code ["0x40", "4-0x02"]}.
 */
final class FieldBitmap {

    private FieldBitmap() {}

    /**
     * Writes fields of a schema; others are left out.
     *
     * @param names such as Phone or BillingAddress.City
     */
    static List<String> of(Schema schema, Collection<String> names) {
        BitSet whole = new BitSet();
        Map<Integer, BitSet> parts = new TreeMap<>();
        for (String name : names) {
            int dot = name.indexOf('.');
            Schema.Field field = schema.getField(dot < 0 ? name : name.substring(0, dot));
            if (field != null && dot < 0) {
                whole.set(field.pos());
            } else if (field != null) {
                Schema.Field part = compound(field.schema()).getField(name.substring(dot + 1));
                if (part != null) {
                    parts.computeIfAbsent(field.pos(), position -> new BitSet()).set(part.pos());
                }
            }
        }
        List<String> elements = new ArrayList<>();
        if (!whole.isEmpty()) {
            elements.add(hex(whole));
        }
        parts.forEach((position, bits) -> elements.add(position + "-" + hex(bits)));
        return elements;
    }

    private static Schema compound(Schema union) {
        return union.getTypes().stream()
                .filter(type -> type.getType() == Schema.Type.RECORD)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("A field with parts is a record."));
    }

    private static String hex(BitSet bits) {
        StringBuilder text = new StringBuilder();
        byte[] bytes = bits.toByteArray();
        for (int i = bytes.length - 1; i >= 0; i--) {
            text.append(String.format(Locale.ROOT, "%02X", bytes[i]));
        }
        return "0x" + text;
    }
}
