// SPDX-License-Identifier: Apache-2.0
package io.sluice.operate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.operate.ApiResponses.RejectedRequest;
import java.util.Set;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ApiQueryTest {

    private static ApiQuery query(String text) throws RejectedRequest {
        Exchange exchange = new DefaultExchange(new DefaultCamelContext());
        exchange.getMessage().setHeader(Exchange.HTTP_QUERY, text);
        return ApiQuery.of(exchange, Set.of("key", "to"));
    }

    @ParameterizedTest
    @CsvSource({
        "2026-11-30T05%3A47%3A41Z, 2026-11-30T05:47:41Z",
        "2026-11-30T05:47:41Z, 2026-11-30T05:47:41Z",
        "a+b, a b",
        "a%20b, a b",
        "a%2Bb, a+b",
        "100%25, 100%",
        "%2525, %25",
        "M%C3%BCller%26S%C3%B6hne, Müller&Söhne",
        "Europe/Berlin, Europe/Berlin"
    })
    void valuesAreDecodedOnce(String encoded, String value) throws RejectedRequest {
        assertThat(query("to=1&key=" + encoded).text("key")).isEqualTo(value);
    }

    @Test
    void aMalformedValueIsRejectedInWords() {
        assertThatThrownBy(() -> query("key=50%"))
                .isInstanceOf(RejectedRequest.class)
                .hasMessage("Parameter 'key' has a percent sign that two hexadecimal digits do not follow");
    }

    @Test
    void anUnknownParameterIsRejected() {
        assertThatThrownBy(() -> query("kye=1")).hasMessageContaining("There is no parameter 'kye'");
    }
}
