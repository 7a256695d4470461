// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FileCheckTest {

    @Test
    void reportedMistakesAreTheOnesThatCount() {
        assertThat(
                        FileCheck.mistakes(
                                """
                                2026-12-01 00:21:13.052  INFO 2722 --- [main] MainSupport : Apache Camel is starting
                                sluice-mistake: routes/syncs/a.camel.yaml: sync 'a': there is no column 'nam'
                                sluice-mistake: routes/syncs/b.camel.yaml: sync 'b': there is no account 'x'
                                java.lang.IllegalStateException: closed
                                \tat io.sluice.Anything.close(Anything.java:1)
                                """))
                .containsExactly(
                        "routes/syncs/a.camel.yaml: sync 'a': there is no column 'nam'",
                        "routes/syncs/b.camel.yaml: sync 'b': there is no account 'x'");
    }

    @Test
    void anExceptionOfCamelIsOneSentence() {
        assertThat(
                        FileCheck.mistakes(
                                """
                                org.apache.camel.RuntimeCamelException: org.apache.camel.VetoCamelContextStartException: Failure creating route from template: own-sink
                                \tat org.apache.camel.RuntimeCamelException.wrap(RuntimeCamelException.java:68)
                                Caused by: org.apache.camel.VetoCamelContextStartException: Failure creating route from template: own-sink
                                \t... 28 more
                                Caused by: java.lang.IllegalArgumentException: Route template own-sink the following mandatory parameters must be provided: nobody
                                \t... 33 more
                                """))
                .containsExactly(
                        "Failure creating route from template: own-sink: Route template own-sink the following mandatory"
                                + " parameters must be provided: nobody");
    }

    @Test
    void aRouteFileThatCantBeReadIsNamedAlone() {
        assertThat(
                        FileCheck.mistakes(
                                """
                                org.apache.camel.RuntimeCamelException: io.sluice.app.InvalidRouteFile: routes/2-send.camel.yaml: line 1
                                Caused by: io.sluice.app.InvalidRouteFile: routes/2-send.camel.yaml: line 1: a bracket is not closed
                                Caused by: org.snakeyaml.engine.v2.exceptions.ParserException: while parsing a flow sequence
                                """))
                .containsExactly("routes/2-send.camel.yaml: line 1: a bracket is not closed");
    }

    @Test
    void anyOtherEndShowsTheLastLines() {
        assertThat(FileCheck.mistakes("Error: Could not create the Java Virtual Machine.\n\n  Out of memory\n"))
                .containsExactly("Error: Could not create the Java Virtual Machine.", "Out of memory");
        assertThat(FileCheck.mistakes("")).isEmpty();
    }
}
