// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.sluice.Sync;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Shows the one sentence about each kind of structural mistake, at each place in the file of a sync. */
class SyncFileShapeTest {

    private static final String GOOD =
            """
            # A deal of ours is an Account
            - beans:
                - name: odd
                  type: io.sluice.Sync
                  properties:
                    table: public.deal
                    key: deal_no
                    account: salesforce
                    object: Account
                    externalId: Deal_No__c
                    fields:
                      title: Name
                      stage: Stage__c
            """;

    /** Replaces a part of the right file, which must be there. */
    private static String with(String part, String by) {
        assertThat(GOOD).contains(part);
        return GOOD.replace(part, by);
    }

    static Stream<Arguments> mistakes() {
        String key = "        key: deal_no";
        return Stream.of(
                // nothing in it
                arguments("", "line 1: the file is empty; write a sync into it, or delete it"),
                arguments("\n \n", "line 1: the file is empty; write a sync into it, or delete it"),
                arguments("# later\n", "line 1: the file is empty; write a sync into it, or delete it"),
                arguments("---\n", "line 1: the file is empty; write a sync into it, or delete it"),
                // indentation, at each depth
                arguments(
                        with("    - name", "  - name"),
                        "line 3: it is indented by 2 blanks, which fits none of the lines around it; indent it by 4 blanks"),
                arguments(
                        with("      type", "       type"),
                        "line 4: it is indented by 7 blanks, which fits none of the lines around it; indent it by 6 blanks"),
                arguments(
                        with("      type", "     type"),
                        "line 4: it is indented by 5 blanks, which fits none of the lines around it; indent it by 6 blanks"),
                arguments(
                        with(key, "       key: deal_no"),
                        "line 7: it is indented by 7 blanks, which fits none of the lines around it; indent it by 8 blanks"),
                arguments(
                        with(key, "      key: deal_no"),
                        "line 7: it is indented by 6 blanks, which fits none of the lines around it; indent it by 8 blanks"),
                arguments(
                        with(key, "          key: deal_no"),
                        "line 7: it is indented by 10 blanks, which fits none of the lines around it; indent it by 8 blanks"),
                arguments(
                        with("        fields", "      fields"),
                        "line 11: 'fields' is a property and stands beside 'properties'; indent it by 8 blanks"),
                arguments(
                        with("          stage", "            stage"),
                        "line 13: it is indented by 12 blanks, which fits none of the lines around it; indent it by 10 blanks"),
                arguments(
                        with("          stage", "         stage"),
                        "line 13: it is indented by 9 blanks, which fits none of the lines around it; indent it by 10 blanks"),
                arguments(
                        with(key, "\tkey: deal_no"),
                        "line 7: it begins with a tab, which YAML does not take; begin it with blanks like the lines around it"),
                arguments(
                        with(key, "\u00a0\u00a0key: deal_no"),
                        "line 7: it begins with a blank of another kind, as text that was copied from a page has; type the blanks"
                                + " again"),
                // signs
                arguments(
                        with("key: deal_no", "key:deal_no"),
                        "line 7: a colon with a blank after it is missing; write key: deal_no"),
                arguments(
                        with("key: deal_no", "key deal_no"),
                        "line 7: a colon with a blank after it is missing; write key: deal_no"),
                arguments(
                        with("title: Name", "title Name"),
                        "line 12: a colon with a blank after it is missing; write title: Name"),
                arguments(
                        with("key: deal_no", "key: \"deal_no"),
                        "line 7: the quote that opens there is not closed; close it at the end of the value"),
                arguments(
                        with("key: deal_no", "key: 'deal_no"),
                        "line 7: the quote that opens there is not closed; close it at the end of the value"),
                arguments(
                        with("fields:\n          title: Name\n          stage: Stage__c", "fields: { title: Name"),
                        "line 11: the { that opens there is not closed, or a comma is missing after it; write 'column: CRM field' on"
                                + " lines of their own, without braces"),
                arguments(
                        with("key: deal_no", "key: [deal_no"),
                        "line 7: the [ that opens there is not closed, or a comma is missing after it; write the values on lines of"
                                + " their own, without brackets"),
                arguments(
                        with("key: deal_no", "key: @deal_no"),
                        "line 7: a value can't begin with @; put the value into quotes"),
                arguments(
                        with("key: deal_no", "key: %deal_no"),
                        "line 7: a value can't begin with %; put the value into quotes"),
                arguments(
                        with("key: deal_no", "key: `deal_no`"),
                        "line 7: a value can't begin with `; put the value into quotes"),
                arguments(
                        with("key: deal_no", "key: *deal_no"),
                        "line 7: a value can't begin with *; put the value into quotes"),
                arguments(
                        with(key, key + "\n        critical: tier: gold"),
                        "line 8: a colon stands in the value; put the value into quotes"),
                arguments(
                        with(key, key + "\n        critical: 'tier' = 1"),
                        "line 8: text follows the quote that closes the value; put the whole value into quotes, such as \"tier ="
                                + " 'gold'\""),
                arguments(
                        with(key, "<<<<<<< HEAD\n" + key + "\n=======\n        key: id\n>>>>>>> mine"),
                        "line 7: a merge left its mark '<<<<<<<' there; decide which of the lines stay, and delete the marks"),
                arguments(
                        with("key: deal_no", "key: deal\u0007_no"),
                        "line 7: character 18 is none of a text; delete it, or write" + " the file again"),
                // the top
                arguments(with("- beans", "beans"), "line 2: a dash is missing before beans; write - beans:"),
                arguments(with("- beans", "- beens"), "line 2: there is no 'beens'; did you mean beans?"),
                arguments(with("- beans", "- Beans"), "line 2: there is no 'Beans'; did you mean beans?"),
                arguments(
                        with("- beans", "- route"),
                        "line 3: route is a list; write its lines without a dash, or - beans: before syncs"),
                arguments("hello\n", "line 1: a text stands where the beans should; begin the file with - beans:"),
                arguments("- hello\n", "line 1: a text stands where the beans should; begin the file with - beans:"),
                arguments(
                        "table: public.deal\n",
                        "line 1: 'table' has no place at the top; a file of a sync begins with - beans:"),
                arguments(
                        GOOD + "---\n" + GOOD,
                        "line 14: '---' begins a second document, and Camel reads one of a file; delete the line, or put what"
                                + " follows into a file of its own"),
                // beans
                arguments("- beans:\n", "line 1: beans is empty; write a sync below it, which begins with - name:"),
                arguments(
                        "- beans: odd\n", "line 1: beans is a text; write a sync below it, which begins with - name:"),
                arguments(
                        "- beans:\n    -\n",
                        "line 2: this is no bean; write its name, type and properties, and begin with - name:"),
                arguments(
                        with("    - name", "      name"),
                        "line 3: a dash is missing; beans is a list, in which each bean begins with - name:"),
                arguments(
                        with("    - name: odd\n      type", "    odd:\n      type"),
                        "line 3: a dash is missing; beans is a list, in which each bean begins with - name: and no name before that"),
                // a bean
                arguments(
                        with("    - name: odd\n      type", "    - type"),
                        "line 3: the bean has no name; begin it with - name: and a name of your choice"),
                arguments(
                        with("name: odd", "name: \"\""),
                        "line 3: the bean has no name; begin it with - name: and a name of your choice"),
                arguments(
                        with("      type: io.sluice.Sync\n", ""),
                        "line 3: the bean has no type; write type: io.sluice.Sync below its name"),
                arguments(
                        with("io.sluice.Sync", "io.sluice.Synk"),
                        "line 4: there is no type 'io.sluice.Synk'; did you mean io.sluice.Sync?"),
                arguments(
                        with("io.sluice.Sync", "Sync"),
                        "line 4: there is no type 'Sync'; did you mean io.sluice.Sync?"),
                arguments(with("propert", "propret"), "line 5: a bean has no 'propreties'; did you mean properties?"),
                arguments(
                        with("      properties", "      color: red\n      properties"),
                        "line 5: a bean has no 'color'; did you mean name, script or type?"),
                // its properties
                arguments(
                        GOOD.substring(0, GOOD.indexOf("      properties")),
                        "line 3: the sync has no properties; write table, key, account, object, externalId and fields below"
                                + " 'properties:', indented more than it"),
                arguments(
                        with("properties:", "properties: none\n      constructors:"),
                        "line 5: properties is a text; write one line for each property, as name: value"),
                arguments(
                        with("\n        ", "\n        - ").replace("\n        -   ", "\n            "),
                        "line 6: properties is a list; write its lines without a dash, as name: value"),
                arguments(
                        with("key: deal_no", "key:\n          - deal_no"),
                        "line 8: key is a list; write key: and one word or text after it"),
                arguments(
                        with("          title: Name\n          stage", "          - title: Name\n          - stage"),
                        "line 12: fields is a list; write its lines without a dash, as column: CRM field"),
                arguments(
                        with("title: Name", "title:\n            - Name"),
                        "line 12: column 'title' has a list; write one CRM field after its colon"),
                arguments(
                        with("title: Name", "title:\n            field: Name"),
                        "line 12: column 'title' has lines of its own; write one CRM field after its colon"));
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void aMistakeIsOneSentenceWithItsLine(String text, String sentence) {
        assertThat(SyncFileShape.mistakes(text)).containsExactly(sentence);
    }

    @Test
    void whatCamelReadsIsNoMistake() {
        assertThat(SyncFileShape.mistakes(GOOD)).isEmpty();
        assertThat(SyncFileShape.mistakes(GOOD.replace("\n", "\r\n"))).isEmpty();
        assertThat(SyncFileShape.mistakes(with(key(), "        key: &k deal_no\n        low: \"a = 'b: c'\"")))
                .isEmpty();
        assertThat(SyncFileShape.mistakes(
                        "- beans:\n    - name: mine\n      type: org.example.Mine\n- route:\n    id: a\n"))
                .isEmpty();
    }

    private static String key() {
        return "        key: deal_no";
    }

    @Test
    void theSyncsOfAFileThatCanNotBeReadAreKnownByTheirLines() {
        List<Sync> outlines =
                SyncFileShape.outlines(with("key: deal_no", "key:deal_no") + GOOD.replace("odd", "'even'"));

        assertThat(outlines)
                .extracting(Sync::getName, Sync::getTable, Sync::getAccount, Sync::getObject)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("odd", "public.deal", "salesforce", "Account"),
                        org.assertj.core.groups.Tuple.tuple("even", "public.deal", "salesforce", "Account"));
    }
}
