// SPDX-License-Identifier: Apache-2.0
package io.sluice.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class PublicAddressTest {

    private static final String CALLED = "http://10.0.0.5:8081";

    private static String base(String trusted, String remote, String... headers) throws Exception {
        Map<String, String> all = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (int i = 0; i < headers.length; i += 2) {
            all.put(headers[i], headers[i + 1]);
        }
        return new PublicAddress(trusted).base(CALLED, InetAddress.getByName(remote), all::get);
    }

    @Test
    void aTrustedProxysHeadersAreUsed() throws Exception {
        assertThat(base("10.0.0.0/8", "10.1.2.3")).isEqualTo(CALLED);
        assertThat(base(
                        "10.0.0.0/8",
                        "10.1.2.3",
                        "X-Forwarded-Proto",
                        "https",
                        "X-Forwarded-Host",
                        "sync.example.org, inner",
                        "X-Forwarded-Port",
                        "443"))
                .isEqualTo("https://sync.example.org");
        assertThat(base(
                        "10.0.0.0/8",
                        "10.1.2.3",
                        "X-Forwarded-Proto",
                        "https",
                        "X-Forwarded-Host",
                        "sync.example.org",
                        "X-Forwarded-Port",
                        "8443",
                        "X-Forwarded-Prefix",
                        "/crm/"))
                .isEqualTo("https://sync.example.org:8443/crm");
        assertThat(base("::1", "::1", "X-Forwarded-Proto", "https")).isEqualTo("https://10.0.0.5:8081");
        assertThat(base(
                        "10.1.2.3",
                        "10.1.2.3",
                        "Forwarded",
                        "for=192.0.2.43;proto=https;host=\"sync.example.org:8443\", for=10.0.0.1;host=inner;proto=http",
                        "X-Forwarded-Host",
                        "ignored.example.org"))
                .isEqualTo("https://sync.example.org:8443");
        assertThat(base("10.1.2.3", "10.1.2.3", "Forwarded", "for=\"[2001:db8::1], x\";Host=a.example.org"))
                .isEqualTo("http://a.example.org");
    }

    @Test
    void otherHeadersAreIgnored() throws Exception {
        for (String trusted : new String[] {"", "10.0.0.0/16", "10.1.2.4", "::1"}) {
            assertThat(base(
                            trusted,
                            "10.1.2.3",
                            "X-Forwarded-Host",
                            "evil.example.org",
                            "Forwarded",
                            "host=evil.example.org"))
                    .as(trusted)
                    .isEqualTo(CALLED);
        }
    }

    @Test
    void invalidHostsAndSchemesAreIgnored() throws Exception {
        assertThat(base(
                        "10.1.2.3",
                        "10.1.2.3",
                        "X-Forwarded-Proto",
                        "javascript",
                        "X-Forwarded-Host",
                        "a/b?c@d",
                        "X-Forwarded-Prefix",
                        "/../x y",
                        "X-Forwarded-Port",
                        "99999999"))
                .isEqualTo(CALLED);
    }

    @Test
    void theErrorNamesTheWrongNetwork() {
        for (String wrong : new String[] {"proxy", "10.0.0.0/33", "10.0.0/x", "fe80::/200"}) {
            assertThatThrownBy(() -> new PublicAddress(wrong)).hasMessageContaining(wrong);
        }
    }

    @Test
    void theSenderIsTheLastAddressBeforeTheTrustedProxies() {
        PublicAddress proxies = new PublicAddress("10.0.0.0/8, ::1");
        assertThat(proxies.sender("192.0.2.7", List.of("203.0.113.1"), List.of("for=203.0.113.1")))
                .as("of a stranger")
                .isEqualTo("192.0.2.7");
        assertThat(proxies.sender("10.0.0.1", List.of(), List.of())).isEqualTo("10.0.0.1");
        assertThat(proxies.sender("10.0.0.1", List.of("198.51.100.9, 203.0.113.1"), List.of()))
                .as("the first one may be made up")
                .isEqualTo("203.0.113.1");
        assertThat(proxies.sender("::1", List.of("198.51.100.9", "2001:db8::5, 10.0.0.2"), List.of()))
                .isEqualTo("2001:db8::5");
        assertThat(proxies.sender("10.0.0.1", List.of("unknown, evil.example.org"), List.of()))
                .isEqualTo("10.0.0.1");
    }

    @Test
    void aPortAndBracketsAreNoPartOfTheSender() {
        PublicAddress proxies = new PublicAddress("10.0.0.0/8, ::1");
        assertThat(proxies.sender("10.0.0.1", List.of("198.51.100.9:1, 203.0.113.1:4711"), List.of()))
                .isEqualTo("203.0.113.1");
        assertThat(proxies.sender("10.0.0.1", List.of("[2001:db8::5]:4711,10.0.0.2:80"), List.of()))
                .isEqualTo("2001:db8::5");
        assertThat(proxies.sender("10.0.0.1", List.of("[2001:db8::5]"), List.of()))
                .isEqualTo("2001:db8::5");
        for (String none : new String[] {"203.0.113.1:port", "[evil.example.org]:80", "[2001:db8::5", "", ",", "a:1"}) {
            assertThat(proxies.sender("10.0.0.1", List.of(none), List.of()))
                    .as(none)
                    .isEqualTo("10.0.0.1");
        }
    }

    @Test
    void theSenderIsReadFromForwardedToo() {
        PublicAddress proxies = new PublicAddress("10.0.0.0/8, ::1");
        assertThat(proxies.sender(
                        "10.0.0.1",
                        List.of(),
                        List.of("for=198.51.100.9, For=\"203.0.113.1:47\";proto=https, for=10.0.0.2")))
                .isEqualTo("203.0.113.1");
        assertThat(proxies.sender(
                        "10.0.0.1", List.of(), List.of("by=x;for=\"[2001:db8::5]:4711\"", "for=\"10.0.0.2\"")))
                .isEqualTo("2001:db8::5");
        for (String none : new String[] {
            "for=unknown",
            "for=_hidden",
            "proto=https",
            "",
            ",",
            "for=\"203.0.113.1",
            "for=198.51.100.9;x=\", for=203.0.113.1",
            "for=198.51.100.9;x=\", for=\"203.0.113.1:47\"",
            "for=198.51.100.9;x=\", for=\"203.0.113.1:47\";by=\"10.0.0.1\""
        }) {
            assertThat(proxies.sender("10.0.0.1", List.of(), List.of(none)))
                    .as(none)
                    .isEqualTo("10.0.0.1");
        }
    }

    @Test
    void aHeaderThatTheProxyDoesNotWriteMayBeMadeUp() {
        PublicAddress proxies = new PublicAddress("10.0.0.0/8");
        assertThat(proxies.sender("10.0.0.1", List.of("203.0.113.1"), List.of("for=198.51.100.9")))
                .as("two headers that differ")
                .isEqualTo("10.0.0.1");
        assertThat(proxies.sender("10.0.0.1", List.of("203.0.113.1"), List.of("for=\"203.0.113.1:47\"")))
                .isEqualTo("203.0.113.1");
    }
}
