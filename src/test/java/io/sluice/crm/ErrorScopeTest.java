// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ErrorScopeTest {

    @ParameterizedTest
    @ValueSource(ints = {200, 201, 204, 207})
    void anAnswerWithResultsHasNoError(int status) {
        assertThat(ErrorScope.of(status)).isEqualTo(ErrorScope.NONE);
    }

    @ParameterizedTest
    @ValueSource(ints = {300, 400, 409, 413, 414, 422, 431})
    void aContentErrorHasTheRecordScope(int status) {
        assertThat(ErrorScope.of(status)).isEqualTo(ErrorScope.RECORD);
    }

    @ParameterizedTest
    @ValueSource(ints = {403, 404, 405, 415})
    void aMissingOrForbiddenObjectHasTheObjectScope(int status) {
        assertThat(ErrorScope.of(status)).isEqualTo(ErrorScope.OBJECT);
    }

    @ParameterizedTest
    @CsvSource({
        "400, true",
        "404, true",
        "409, true",
        "403, false",
        "401, false",
        "408, false",
        "429, false",
        "500, false",
        "200, false",
        "0, false"
    })
    void onlyContentErrorsConcernTheRequest(int status, boolean wrong) {
        assertThat(ErrorScope.isOfRequest(status)).isEqualTo(wrong);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 401, 406, 408, 420, 423, 425, 429, 477, 500, 502, 503, 504, 599})
    void transientStatusesHaveTheTransientScope(int status) {
        assertThat(ErrorScope.of(status)).isEqualTo(ErrorScope.TRANSIENT);
    }
}
