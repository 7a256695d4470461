// SPDX-License-Identifier: Apache-2.0
package io.sluice.store;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that a database whose encoding lacks letters is rejected before anything is created in it. */
class EncodingTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    @Test
    void unicodeIsAccepted() throws Exception {
        assertThat(DATABASE.sluice().encodingProblem()).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"LATIN1", "WIN1252", "SQL_ASCII"})
    void anotherEncodingIsNamed(String encoding) throws Exception {
        String name = "encoded_" + encoding.toLowerCase(java.util.Locale.ROOT);
        DATABASE.run("create database " + name + " encoding '" + encoding
                + "' lc_collate 'C' lc_ctype 'C' template template0");
        try (Database other = DATABASE.beside(name)) {
            assertThat(other.encodingProblem()).contains("sluice.database.url", "encoding " + encoding);
        } finally {
            DATABASE.run("drop database " + name);
        }
    }
}
