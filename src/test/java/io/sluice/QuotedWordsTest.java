// SPDX-License-Identifier: Apache-2.0
package io.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.store.Json;
import java.util.Map;
import org.junit.jupiter.api.Test;

class QuotedWordsTest {

    @Test
    void markedWordsAreShownOrHiddenAndTheRestOfTheTextStays() {
        String text = "a: fails (" + QuotedWords.mark("no right for x@example.org") + "), mostly "
                + QuotedWords.mark("INVALID_EMAIL: $1 \\ x") + ".";
        assertThat(QuotedWords.shown(text))
                .isEqualTo("a: fails (no right for x@example.org), mostly INVALID_EMAIL: $1 \\ x.");
        assertThat(QuotedWords.hidden(text)).isEqualTo("a: fails (hidden), mostly INVALID_EMAIL: (hidden).");
        assertThat(QuotedWords.mark(null)).isNull();
    }

    @Test
    void aWholeJsonDocumentIsShownOrHidden() {
        String words = "\"quoted\", {\\u007f>} \n";
        String json = Json.text(Map.of("why", QuotedWords.mark(words)));
        assertThat(Json.fields(QuotedWords.shown(json))).isEqualTo(Map.of("why", words));
        assertThat(QuotedWords.hidden(json)).isEqualTo("{\"why\":\"(hidden)\"}");
    }

    @Test
    void wordsCanNotEndTheirOwnMark() {
        String end = QuotedWords.mark("").substring(2);
        String json = Json.text(Map.of("why", QuotedWords.mark("before" + end + "secret")));
        assertThat(QuotedWords.hidden(json)).isEqualTo("{\"why\":\"(hidden)\"}");
    }
}
