package io.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.StringLength;
import net.jqwik.api.constraints.AlphaChars;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class NearestTest {

    @Test
    void nothingToSuggestGivesNoHint() {
        assertThat(Nearest.hint("email", List.of())).isEmpty();
    }

    @Test
    void oneNameIsASuggestionOfItsOwn() {
        assertThat(Nearest.hint("emial", List.of("email"))).isEqualTo("; did you mean email?");
    }

    @Test
    void threeAtMostAreSuggestedTheNearestFirst() {
        assertThat(Nearest.hint("Custmer_No__c", List.of("Name", "Customer_No__c", "Customer_Name__c", "Id", "Phone")))
                .startsWith("; did you mean Customer_No__c, Customer_Name__c or ").endsWith("?")
                .satisfies(hint -> assertThat(hint.split(" or |, ")).hasSize(3));
    }

    @Test
    void upperAndLowerCaseAreAlike() {
        assertThat(Nearest.hint("EMAIL", List.of("email", "emails"))).startsWith("; did you mean email or ");
    }

    @Test
    void aSwapCountsTwiceAndAMissingLetterOnce() {
        assertThat(Nearest.distance("kitten", "sitting")).isEqualTo(3);
        assertThat(Nearest.distance("phone", "phne")).isEqualTo(1);
        assertThat(Nearest.distance("ab", "ba")).isEqualTo(2);
    }

    @Property
    void theDistanceIsAMetric(@ForAll @AlphaChars @StringLength(max = 12) String a,
            @ForAll @AlphaChars @StringLength(max = 12) String b, @ForAll @AlphaChars @StringLength(max = 12) String c) {
        assertThat(Nearest.distance(a, a)).isZero();
        assertThat(Nearest.distance(a, b)).isEqualTo(Nearest.distance(b, a))
                .isBetween(Math.abs(a.length() - b.length()), Math.max(a.length(), b.length()))
                .isLessThanOrEqualTo(Nearest.distance(a, c) + Nearest.distance(c, b));
    }

    @Property
    void aNameThatIsThereIsSuggestedFirst(@ForAll @Size(min = 1, max = 8) List<@AlphaChars @StringLength(min = 1, max = 9) String> names) {
        String wanted = names.get(0);
        List<String> others = names.stream().filter(name -> name.equals(wanted) || !name.equalsIgnoreCase(wanted)).toList();

        assertThat(Nearest.hint(wanted, others)).startsWith("; did you mean " + wanted);
    }
}
