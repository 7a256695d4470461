// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import static io.sluice.sandbox.salesforce.StandardFields.computed;

import io.sluice.sandbox.salesforce.soql.Path;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.util.List;
import java.util.function.Function;

/**
 * Declares standard fields that the org derives from other records and fields, such as the product code of a price book
 * entry ("PricebookEntry", "OpportunityLineItem" and "Opportunity" in the <a
 * href="https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/">Object Reference</a>).
 */
final class DerivedFields {

    private final Store store;

    private DerivedFields(Store store) {
        this.store = store;
    }

    static void declare(Store store) {
        DerivedFields fields = new DerivedFields(store);
        fields.ofParent("PricebookEntry", "Name", "Product Name", "Product2.Name");
        fields.ofParent("PricebookEntry", "ProductCode", "Product Code", "Product2.ProductCode");
        fields.ofParent("OpportunityLineItem", "Product2Id", "Product ID", "PricebookEntry.Product2Id");
        fields.ofParent("OpportunityLineItem", "ProductCode", "Product Code", "PricebookEntry.ProductCode");
        fields.ofParent("OpportunityLineItem", "ListPrice", "List Price", "PricebookEntry.UnitPrice");
        fields.ofRow(
                "OpportunityLineItem",
                "Subtotal",
                "Subtotal",
                List.of("Quantity", "UnitPrice"),
                values -> product(values, 1));
        fields.ofRow(
                "Opportunity",
                "ExpectedRevenue",
                "Expected Amount",
                List.of("Amount", "Probability"),
                values -> product(values, 100));
    }

    /** Declares a field that shows a field of a parent. */
    private void ofParent(String object, String name, String label, String path) {
        Table table = store.table(object).orElseThrow();
        Path parent = Path.resolve(store, table, path);
        store.declare(table, computed(name, label, parent.field().type(), parent::read));
    }

    /** Declares an amount that is calculated from fields of the record. */
    private void ofRow(
            String object, String name, String label, List<String> fields, Function<List<Object>, Object> amount) {
        Table table = store.table(object).orElseThrow();
        Function<Row, Object> reader = row -> amount.apply(fields.stream()
                .map(field -> StandardFields.read(table.type(), field, row))
                .map(value -> value == null ? Double.NaN : value)
                .toList());
        store.declare(table, computed(name, label, FieldType.CURRENCY, reader));
    }

    /** Multiplies two numbers and divides by the divisor; null when a number is missing. */
    private static Object product(List<Object> values, double divisor) {
        double product = (Double) values.get(0) * (Double) values.get(1) / divisor;
        return Double.isNaN(product) ? null : product;
    }
}
