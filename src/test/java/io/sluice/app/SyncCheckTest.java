package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.sluice.Sync;
import io.sluice.crm.ObjectShape;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
                wrong(it -> it.setFields(Map.of()),
                        "fields is empty; name at least one column and the CRM field it goes to"),
                wrong(it -> it.setAccount("salesforc"), "there is no account 'salesforc' in application.properties"
                        + "; did you mean salesforce or salesforce-eu?"),
                wrong(it -> it.setConflicts("lastest"), "conflicts is 'lastest'; did you mean latest, database or crm?"),
                wrong(it -> it.setConflicts(null), "conflicts is 'null'; did you mean"),
                wrong(it -> it.setTimeZone(null), "there is no time zone 'null'; write it like Europe/Berlin or UTC"),
                wrong(it -> it.setFields(java.util.Collections.singletonMap("email", null)),
                        "the CRM field of column 'email' is missing"),
                wrong(it -> it.setDeletes("keeps"), "deletes is 'keeps'; did you mean keep or propagate?"),
                wrong(it -> it.setInserts("ignored"), "inserts is 'ignored'; did you mean ignore or propagate?"),
                wrong(it -> it.setDirection("bothe"), "direction is 'bothe'; did you mean both or out?"),
                wrong(it -> it.setInitial("tabel"), "initial is 'tabel'; did you mean table or both?"),
                wrong(it -> {
                    it.setInitial("both");
                    it.setDirection("out");
                }, "initial is 'both', which reads the CRM's records, but with direction 'out' the CRM is never read; use"
                        + " initial 'table' or direction 'both'"),
                wrong(it -> it.setFields(Map.of("no", "Customer_No__c")),
                        "fields maps a column to 'Customer_No__c', which the key fills already; take it out of fields"),
                wrong(it -> it.setTimeZone("Europe/Berln"),
                        "there is no time zone 'Europe/Berln'; write it like Europe/Berlin or UTC"));
    }

    private static Arguments wrong(Consumer<Sync> mistake, String problem) {
        return arguments(mistake, problem);
    }

    @Test
    void aRightSyncHasNoProblem() {
        assertThat(SyncCheck.words(sync(), ACCOUNTS)).isEmpty();
        assertThat(SyncCheck.fields(sync(), contact())).isEmpty();
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

        assertThat(SyncCheck.fields(sync, contact())).singleElement().asString()
                .startsWith(WHERE + "column 'email' goes to field 'Emial', which Contact does not have; did you mean Email");
    }

    @Test
    void aFieldThatNobodyCanWriteIsNamed() {
        Sync sync = sync();
        sync.setFields(Map.of("changed", "LastModifiedDate"));

        assertThat(SyncCheck.fields(sync, contact())).containsExactly(WHERE
                + "column 'changed' goes to field 'LastModifiedDate' of Contact, which the CRM lets nobody write");
    }

    @Test
    void aRelationshipIsLookedUpByItsOwnName() {
        Sync sync = sync();
        sync.setFields(new LinkedHashMap<>(Map.of("company", "Account.Company_No__c")));
        assertThat(SyncCheck.fields(sync, contact())).isEmpty();

        sync.setFields(Map.of("company", "Acount.Company_No__c"));
        assertThat(SyncCheck.fields(sync, contact())).singleElement().asString()
                .contains("field 'Acount', which Contact does not have; did you mean Account");
    }

    @Test
    void anExternalIdThatIsMissingIsNamedWithTheFieldsThatAreOne() {
        Sync sync = sync();
        sync.setExternalId("Customer_Nr__c");

        assertThat(SyncCheck.fields(sync, contact())).containsExactly(WHERE
                + "Contact has no field 'Customer_Nr__c' to hold the key; did you mean Customer_No__c?");
    }

    @Test
    void aFieldThatIsNoExternalIdCanNotHoldTheKey() {
        Sync sync = sync();
        sync.setExternalId("Phone");

        assertThat(SyncCheck.fields(sync, contact())).containsExactly(WHERE
                + "field 'Phone' of Contact is no external id, so records can't be found by it"
                + "; did you mean Customer_No__c?");
    }

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
        return new ObjectShape("Contact", Arrays.asList(
                        new ObjectShape.Field("Customer_No__c", "string", true, true),
                        new ObjectShape.Field("Email", "email", true, false),
                        new ObjectShape.Field("Phone", "phone", true, false),
                        new ObjectShape.Field("Account", "reference", true, false),
                        new ObjectShape.Field("LastModifiedDate", "datetime", false, false)).stream()
                .collect(Collectors.toMap(ObjectShape.Field::name, Function.identity())));
    }
}
