// SPDX-License-Identifier: Apache-2.0
package io.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.AlphaChars;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class SuggestionTest {

    @Test
    void withoutNamesThereIsNoHint() {
        assertThat(Suggestion.hint("email", List.of())).isEmpty();
    }

    @Test
    void theOnlyNameIsSuggested() {
        assertThat(Suggestion.hint("emial", List.of("email"))).isEqualTo("; did you mean email?");
    }

    @Test
    void atMostThreeNamesAreSuggestedAndTheClosestIsFirst() {
        assertThat(Suggestion.hint(
                        "Custmer_No__c", List.of("Name", "Customer_No__c", "Customer_Name__c", "Id", "Phone")))
                .startsWith("; did you mean Customer_No__c, Customer_Name__c or ")
                .endsWith("?")
                .satisfies(hint -> assertThat(hint.split(" or |, ")).hasSize(3));
    }

    @Test
    void caseIsIgnored() {
        assertThat(Suggestion.hint("EMAIL", List.of("email", "emails"))).startsWith("; did you mean email or ");
    }

    @Test
    void aSwapCountsTwiceAndAMissingLetterOnce() {
        assertThat(Suggestion.distance("kitten", "sitting")).isEqualTo(3);
        assertThat(Suggestion.distance("phone", "phne")).isEqualTo(1);
        assertThat(Suggestion.distance("ab", "ba")).isEqualTo(2);
    }

    @Property
    void theDistanceIsAMetric(
            @ForAll @AlphaChars @StringLength(max = 12) String a,
            @ForAll @AlphaChars @StringLength(max = 12) String b,
            @ForAll @AlphaChars @StringLength(max = 12) String c) {
        assertThat(Suggestion.distance(a, a)).isZero();
        assertThat(Suggestion.distance(a, b))
                .isEqualTo(Suggestion.distance(b, a))
                .isBetween(Math.abs(a.length() - b.length()), Math.max(a.length(), b.length()))
                .isLessThanOrEqualTo(Suggestion.distance(a, c) + Suggestion.distance(c, b));
    }

    @Property
    void anExactMatchIsSuggestedFirst(
            @ForAll @Size(min = 1, max = 8) List<@AlphaChars @StringLength(min = 1, max = 9) String> names) {
        String wanted = names.get(0);
        List<String> others = names.stream()
                .filter(name -> name.equals(wanted) || !name.equalsIgnoreCase(wanted))
                .toList();

        assertThat(Suggestion.hint(wanted, others)).startsWith("; did you mean " + wanted);
    }
}
