package io.sluice.crm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BlameTest {

    @ParameterizedTest
    @ValueSource(ints = {200, 201, 204, 207})
    void anAnswerWithResultsBlamesNobody(int status) {
        assertThat(Blame.of(status)).isEqualTo(Blame.NOBODY);
    }

    @ParameterizedTest
    @ValueSource(ints = {300, 400, 409, 413, 414, 422, 431})
    void whatIsWrongWithTheContentMayBeOneRecord(int status) {
        assertThat(Blame.of(status)).isEqualTo(Blame.RECORD);
    }

    @ParameterizedTest
    @ValueSource(ints = {403, 404, 405, 415})
    void whatIsNotThereOrNotAllowedIsNoRecordsFault(int status) {
        assertThat(Blame.of(status)).isEqualTo(Blame.OBJECT);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 401, 406, 408, 420, 423, 425, 429, 477, 500, 502, 503, 504, 599})
    void whatPassesBlamesTheMoment(int status) {
        assertThat(Blame.of(status)).isEqualTo(Blame.MOMENT);
    }
}
