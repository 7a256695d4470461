// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.sluice.Sync;
import io.sluice.crm.ObjectShape;
import io.sluice.crm.ObjectShape.Facts;
import io.sluice.crm.ObjectShape.Kind;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SyncCheckTest {

    private static final List<String> ACCOUNTS = List.of("salesforce", "salesforce-eu");
    private static final String WHERE = "routes/syncs/customers.camel.yaml, sync 'customers': ";

    static Stream<Arguments> wrongWords() {
        return Stream.of(
                wrong(it -> it.setTable(null), "table is missing"),
                wrong(it -> it.setTable(""), "table is missing"),
                wrong(it -> it.setKey(" "), "key is missing"),
                wrong(it -> it.setAccount(null), "account is missing"),
                wrong(it -> it.setObject(null), "object is missing"),
                wrong(it -> it.setExternalId(null), "externalId is missing"),
                wrong(
                        it -> it.setFields(Map.of()),
                        "fields is empty; name at least one column and the CRM field it goes to"),
                wrong(
                        it -> it.setAccount("salesforc"),
                        "there is no account 'salesforc' in application.properties"
                                + "; did you mean salesforce or salesforce-eu?"),
                wrong(
                        it -> it.setConflicts("lastest"),
                        "conflicts is 'lastest'; did you mean latest, database or crm?"),
                wrong(it -> it.setConflicts(null), "conflicts is 'null'; did you mean"),
                wrong(it -> it.setTimeZone(null), "there is no time zone 'null'; write it like Europe/Berlin or UTC"),
                wrong(
                        it -> it.setFields(java.util.Collections.singletonMap("email", null)),
                        "the CRM field of column 'email' is missing"),
                wrong(it -> it.setDeletes("keeps"), "deletes is 'keeps'; did you mean keep or propagate?"),
                wrong(it -> it.setInserts("ignored"), "inserts is 'ignored'; did you mean ignore or propagate?"),
                wrong(it -> it.setDirection("bothe"), "direction is 'bothe'; did you mean both or out?"),
                wrong(it -> it.setInitial("tabel"), "initial is 'tabel'; did you mean table or both?"),
                wrong(
                        it -> {
                            it.setInitial("both");
                            it.setDirection("out");
                        },
                        "initial is 'both', which reads the CRM's records, but with direction 'out' the CRM is never read; use"
                                + " initial 'table' or direction 'both'"),
                wrong(
                        it -> it.setFields(Map.of("no", "Customer_No__c")),
                        "fields maps a column to 'Customer_No__c', which the key fills already; take it out of fields"),
                wrong(it -> it.setFields(Map.of("a", "Email", "b", "email")), "columns '"),
                wrong(
                        it -> it.setKey("region, no"),
                        "key is 'region, no', but one column identifies a row; join them in one:"
                                + " alter table public.customer add region_no text generated always as (region || '-' || no) stored"
                                + " unique"),
                wrong(
                        it -> it.addMistake(new Sync.Mistake("critcal", "there is no property 'critcal'")),
                        "there is no property 'critcal'"),
                wrong(
                        it -> it.setTimeZone("Europe/Berln"),
                        "there is no time zone 'Europe/Berln'; write it like Europe/Berlin or UTC"));
    }

    private static Arguments wrong(Consumer<Sync> mistake, String problem) {
        return arguments(mistake, problem);
    }

    @Test
    void aRightSyncHasNoProblem() {
        assertThat(SyncCheck.words(sync(), ACCOUNTS)).isEmpty();
        assertThat(SyncCheck.fields(sync(), contact(), Map.of())).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("wrongWords")
    void eachMistakeIsOneSentenceThatNamesFileSyncAndWhatWouldBeRight(Consumer<Sync> mistake, String problem) {
        Sync sync = sync();
        mistake.accept(sync);

        assertThat(SyncCheck.words(sync, ACCOUNTS)).singleElement().asString().startsWith(WHERE + problem);
    }

    @Test
    void everyMistakeIsReportedNotOnlyTheFirst() {
        assertThat(SyncCheck.words(named(new Sync()), ACCOUNTS)).hasSize(6);
    }

    @Test
    void aTableWithoutASchemaIsInPublic() {
        Sync sync = sync();
        sync.setTable("customer");

        assertThat(sync.getTable()).isEqualTo("public.customer");
    }

    @Test
    void aFieldThatTheObjectLacksIsNamedWithTheNearest() {
        Sync sync = sync();
        sync.setFields(Map.of("email", "Emial"));

        assertThat(SyncCheck.fields(sync, contact(), Map.of()))
                .singleElement()
                .asString()
                .startsWith(WHERE
                        + "column 'email' goes to field 'Emial', which Contact does not have; did you mean Email");
    }

    @Test
    void aFieldThatNobodyCanWriteIsNamed() {
        Sync sync = sync();
        sync.setFields(Map.of("changed", "LastModifiedDate"));

        assertThat(SyncCheck.fields(sync, contact(), Map.of()))
                .containsExactly(
                        WHERE
                                + "column 'changed' goes to field 'LastModifiedDate' of Contact, which the CRM lets nobody write");
    }

    @Test
    void aRelationshipIsLookedUpByItsOwnName() {
        Sync sync = sync();
        sync.setFields(new LinkedHashMap<>(Map.of("company", "Account.Company_No__c")));
        assertThat(SyncCheck.fields(sync, contact(), Map.of())).isEmpty();

        sync.setFields(Map.of("company", "Acount.Company_No__c"));
        assertThat(SyncCheck.fields(sync, contact(), Map.of()))
                .singleElement()
                .asString()
                .contains("field 'Acount', which Contact does not have; did you mean Account");
    }

    @Test
    void anExternalIdThatIsMissingIsNamedWithTheFieldsThatAreOne() {
        Sync sync = sync();
        sync.setExternalId("Customer_Nr__c");

        assertThat(SyncCheck.fields(sync, contact(), Map.of()))
                .containsExactly(
                        WHERE
                                + "Contact has no field 'Customer_Nr__c' to hold the key; did you mean Customer_No__c or Number__c?");
    }

    static Stream<Arguments> wrongForTheCrm() {
        return Stream.of(
                wrong(
                        it -> it.setFields(Map.of("name", "Amount")),
                        "column 'name' goes to field 'Amount' of Contact (double), which"
                                + " takes numbers, but the column holds text; use a column of type numeric"),
                wrong(
                        it -> it.setFields(Map.of("at", "Birthdate")),
                        "column 'at' goes to field 'Birthdate' of Contact (date), which"
                                + " takes dates without a time, but the column holds dates with a time; use a column of type date, as"
                                + " (column at time zone 'Europe/Berlin')::date"),
                wrong(
                        it -> it.setFields(Map.of("name", "Score")),
                        "column 'name' goes to field 'Score' of Contact, which is a formula, so that nobody can write it"),
                wrong(
                        it -> it.setFields(Map.of("name", "Once")),
                        "column 'name' goes to field 'Once' of Contact, which can be set in" + " a new record alone"),
                wrong(
                        it -> it.setFields(Map.of("name", "LastOnly")),
                        "column 'name' goes to field 'LastOnly' of Contact, which can"
                                + " be set only in a record that is there already"),
                wrong(
                        it -> it.setFields(Map.of("name", "email")),
                        "column 'name' goes to field 'email', which Contact does not have; did you mean Email?"),
                wrong(
                        it -> it.setObject("contact"),
                        "object is 'contact', but the CRM's name of it is 'Contact'; write it so"),
                wrong(it -> it.setExternalId("Id"), "field 'Id' of Contact is the CRM's own id"),
                wrong(
                        it -> it.setExternalId("Twin__c"),
                        "field 'Twin__c' of Contact is not unique, so that two records could have"
                                + " one key; make it unique in the CRM; did you mean"),
                wrong(
                        it -> {
                            it.setExternalId("Number__c");
                            it.setKey("name");
                        },
                        "key 'name' goes to field 'Number__c' of Contact (double), which takes numbers, but the column holds text"));
    }

    @ParameterizedTest
    @MethodSource("wrongForTheCrm")
    void fieldsThatTheCrmWouldRejectAreReported(Consumer<Sync> mistake, String problem) {
        Sync sync = sync();
        mistake.accept(sync);

        assertThat(SyncCheck.fields(sync, contact(), COLUMNS))
                .singleElement()
                .asString()
                .startsWith(WHERE + problem);
    }

    @Test
    void numbersForATextFieldAreSentAsText() {
        Sync sync = sync();
        sync.setFields(Map.of("number", "Phone", "name", "Email"));

        assertThat(SyncCheck.fields(sync, contact(), COLUMNS)).isEmpty();
        assertThat(SyncCheck.textFields(sync, contact(), COLUMNS)).containsExactly("Phone");
    }

    @Test
    void valuesThatDoNotFitAreWarnedOfWithoutNamingThem() {
        Sync sync = sync();
        sync.setFields(Map.of("name", "Phone", "odd", "Tier"));

        assertThat(SyncCheck.warnings(
                        sync,
                        contact(),
                        Map.of("name", "varchar", "odd", "text"),
                        Map.of("name", 200),
                        Map.of("odd", 2)))
                .containsExactlyInAnyOrder(
                        WHERE
                                + "column 'name' goes to field 'Phone' of Contact, which takes 40 characters, but the column may hold 200:"
                                + " the CRM rejects records with longer values",
                        WHERE
                                + "column 'odd' goes to field 'Tier' of Contact, but 2 of the column's values are none of its 1 options:"
                                + " the CRM rejects records that have such");
    }

    @Test
    void twoSyncsThatFeedOneObjectAreBothWrongAndOnlyTheNewOneBesideOneThatRuns() {
        Sync one = sync();
        Sync other = sync();
        other.setName("others");
        other.setObject("contact");
        other.setExternalId("Number__c");
        Sync elsewhere = sync();
        elsewhere.setName("elsewhere");
        elsewhere.setAccount("salesforce-eu");

        assertThat(SyncCheck.together(List.of(one, other, elsewhere), Set.of()))
                .hasSize(2)
                .anySatisfy(problem -> assertThat(problem)
                        .startsWith(WHERE
                                + "sync 'others' (routes/syncs/customers.camel.yaml) feeds salesforce Contact already, and they would"
                                + " overwrite and delete each other's records"))
                .anySatisfy(problem -> assertThat(problem).contains("sync 'others': sync 'customers'"));
        assertThat(SyncCheck.together(List.of(one, other, elsewhere), Set.of("customers")))
                .singleElement()
                .asString()
                .contains("sync 'others': ");
    }

    @Test
    void aFieldThatIsNoExternalIdCanNotHoldTheKey() {
        Sync sync = sync();
        sync.setExternalId("Phone");

        assertThat(SyncCheck.fields(sync, contact(), Map.of()))
                .containsExactly(WHERE
                        + "field 'Phone' of Contact is no external id, so records can't be found by it"
                        + "; did you mean Number__c or Customer_No__c?");
    }

    private static final Map<String, String> COLUMNS =
            Map.of("name", "text", "at", "timestamptz", "number", "int4", "customer_no", "text");

    private static Sync sync() {
        Sync sync = named(new Sync());
        sync.setTable("public.customer");
        sync.setKey("customer_no");
        sync.setAccount("salesforce");
        sync.setObject("Contact");
        sync.setExternalId("Customer_No__c");
        sync.setFields(Map.of("email", "Email"));
        return sync;
    }

    private static Sync named(Sync sync) {
        sync.setName("customers");
        sync.setFile("routes/syncs/customers.camel.yaml");
        return sync;
    }

    private static ObjectShape contact() {
        return new ObjectShape(
                "Contact",
                Arrays.asList(
                                new ObjectShape.Field("Customer_No__c", "string", true, true),
                                new ObjectShape.Field("Email", "email", true, false),
                                field("Phone", "phone", new Facts(Kind.TEXT, 40, List.of(), false, null, false, false)),
                                field("Amount", "double", Facts.of(Kind.NUMBER)),
                                field("Birthdate", "date", Facts.of(Kind.DATE)),
                                field(
                                        "Tier",
                                        "picklist",
                                        new Facts(Kind.CHOICE, 0, List.of("gold"), false, null, false, false)),
                                field("Once", "string", new Facts(Kind.TEXT, 0, List.of(), false, null, true, false)),
                                field(
                                        "LastOnly",
                                        "string",
                                        new Facts(Kind.TEXT, 0, List.of(), false, null, false, true)),
                                new ObjectShape.Field(
                                        "Score",
                                        "double",
                                        false,
                                        false,
                                        List.of(),
                                        new Facts(Kind.NUMBER, 0, List.of(), false, "is a formula", false, false)),
                                new ObjectShape.Field("Id", "id", false, true, List.of(), Facts.of(Kind.REFERENCE)),
                                new ObjectShape.Field("Twin__c", "string", true, true, List.of(), Facts.of(Kind.TEXT)),
                                new ObjectShape.Field(
                                        "Number__c",
                                        "double",
                                        true,
                                        true,
                                        List.of(),
                                        new Facts(Kind.NUMBER, 0, List.of(), true, null, false, false)),
                                new ObjectShape.Field("Account", "reference", true, false),
                                new ObjectShape.Field("LastModifiedDate", "datetime", false, false))
                        .stream()
                        .collect(Collectors.toMap(ObjectShape.Field::name, Function.identity())));
    }

    private static ObjectShape.Field field(String name, String type, Facts facts) {
        return new ObjectShape.Field(name, type, true, false, List.of(), facts);
    }
}
