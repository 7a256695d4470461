// SPDX-License-Identifier: Apache-2.0
package io.sluice.operate;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.store.Json;
import org.junit.jupiter.api.Test;

class HiddenValuesTest {

    private static String hidden(String json) {
        return Json.text(HiddenValues.of(Json.fields(json)));
    }

    @Test
    void theValuesOfFieldsAreHiddenAndTheirNamesStay() {
        assertThat(
                        hidden(
                                "{\"deadLetters\":[{\"key\":\"1\",\"code\":\"X\",\"fields\":{\"Email\":\"a@b\",\"Phone\":null}}]}"))
                .isEqualTo(
                        "{\"deadLetters\":[{\"key\":\"1\",\"code\":\"X\",\"fields\":{\"Email\":\"(hidden)\",\"Phone\":\"(hidden)\"}}]}");
        assertThat(
                        hidden(
                                "{\"conflicts\":[{\"field\":\"Phone\",\"base\":null,\"crm\":\"1\",\"ours\":{\"a\":[2]},\"winner\":\"crm\"}]}"))
                .isEqualTo(
                        "{\"conflicts\":[{\"field\":\"Phone\",\"base\":null,\"crm\":\"(hidden)\",\"ours\":{\"a\":\"(hidden)\"},\"winner\":\"crm\"}]}");
        assertThat(
                        hidden(
                                "{\"row\":{\"a\":1},\"syncs\":[{\"base\":{\"b\":2},\"waiting\":{\"fields\":{\"c\":3},\"attempts\":4}}]}"))
                .isEqualTo(
                        "{\"row\":{\"a\":\"(hidden)\"},\"syncs\":[{\"base\":{\"b\":\"(hidden)\"},\"waiting\":{\"fields\":{\"c\":\"(hidden)\"},\"attempts\":4}}]}");
    }

    @Test
    void theWordsOfACrmAndOfTheDatabaseAreHiddenSinceTheyQuoteValues() {
        assertThat(
                        hidden(
                                "{\"code\":\"INVALID_EMAIL_ADDRESS\",\"message\":\"Email: invalid email address: x\",\"rejectedFields\":[\"Email\"]}"))
                .isEqualTo(
                        "{\"code\":\"INVALID_EMAIL_ADDRESS\",\"message\":\"(hidden)\",\"rejectedFields\":[\"Email\"]}");
        assertThat(
                        hidden(
                                "{\"why\":\"ERROR: invalid input syntax for type date: \\\"x\\\"\",\"waiting\":{\"lastError\":\"FIELD_INTEGRITY_EXCEPTION: x is no stage\"}}"))
                .isEqualTo(
                        "{\"why\":\"ERROR: (hidden)\",\"waiting\":{\"lastError\":\"FIELD_INTEGRITY_EXCEPTION: (hidden)\"}}");
        assertThat(hidden("{\"message\":null}")).isEqualTo("{\"message\":null}");
    }
}
