// SPDX-License-Identifier: Apache-2.0
package io.sluice.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.http.HttpAccess.Head;
import java.util.Set;
import org.junit.jupiter.api.Test;

class HttpAccessTest {

    private static final String PAUSE = "/api/accounts/salesforce/pause";

    private static Head head(String method, String path, String host) {
        return new Head(method, path, host, null, "127.0.0.1", false, null, null, null, false, null);
    }

    private static Head act(String origin, String site, String type, boolean body, String authorization) {
        return new Head(
                "POST", PAUSE, "127.0.0.1:8080", null, "127.0.0.1", false, origin, site, type, body, authorization);
    }

    private static int status(HttpAccess access, Head head) {
        return status(access, head, null);
    }

    private static int status(HttpAccess access, Head head, Caller visitor) {
        return access.check(head, access.caller(head, visitor))
                .map(HttpAccess.Rejection::status)
                .orElse(200);
    }

    private static int status(Head head) {
        return status(new HttpAccess(Set.of("sync.example.org"), null, false), head);
    }

    @Test
    void onlyKnownHostNamesAreServed() {
        for (String known : new String[] {
            "localhost", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080", "sync.example.org", "Sync.Example.Org.:8080"
        }) {
            assertThat(status(head("GET", "/api/status", known))).as(known).isEqualTo(200);
        }
        for (String foreign : new String[] {
            "evil.example.org",
            "localhost.evil.example.org",
            "10.0.0.9:8080",
            "",
            null,
            "127.0.0.1.evil.example.org",
            "[::2]",
            "0.0.0.0"
        }) {
            assertThat(status(head("GET", "/api/status", foreign)))
                    .as(String.valueOf(foreign))
                    .isEqualTo(421);
        }
        assertThat(status(new Head(
                        "GET",
                        "/observe/health",
                        "10.1.2.3:9876",
                        null,
                        "10.1.2.3",
                        true,
                        null,
                        null,
                        null,
                        false,
                        null)))
                .as("a probe by the address of the machine")
                .isEqualTo(200);
    }

    @Test
    void aPageOfAnotherSiteCanChangeNothing() {
        assertThat(status(act(null, null, null, false, null)))
                .as("curl -X POST")
                .isEqualTo(200);
        assertThat(status(act(null, "none", "application/json; charset=UTF-8", true, null)))
                .isEqualTo(200);
        assertThat(status(act("http://127.0.0.1:8080", "same-origin", "application/json", true, null)))
                .isEqualTo(200);

        assertThat(status(act("http://evil.example.org", null, null, false, null)))
                .isEqualTo(403);
        assertThat(status(act("null", null, null, false, null))).isEqualTo(403);
        assertThat(status(act("http://127.0.0.1:9999", null, null, false, null)))
                .as("another port")
                .isEqualTo(403);
        assertThat(status(act(null, "cross-site", null, false, null))).isEqualTo(403);
        assertThat(status(act(null, "same-site", null, false, null))).isEqualTo(403);
        for (String form :
                new String[] {"application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"}) {
            assertThat(status(act(null, null, form, true, null))).as(form).isEqualTo(415);
            assertThat(status(act(null, null, form, false, null)))
                    .as(form + " without fields")
                    .isEqualTo(415);
        }
        assertThat(status(act(null, null, null, true, null)))
                .as("a body without a type")
                .isEqualTo(415);
    }

    @Test
    void aPageBehindAProxyThatRewritesTheHostActsIfItsHostIsNamed() {
        HttpAccess access = new HttpAccess(Set.of("sync.example.org"), null, false);
        assertThat(status(access, proxied("https://sync.example.org", "sync.example.org")))
                .isEqualTo(200);
        assertThat(status(access, proxied("https://sync.example.org:8443", "sync.example.org:8443")))
                .isEqualTo(200);
        assertThat(status(access, proxied("https://evil.example.org", "sync.example.org")))
                .isEqualTo(403);
        assertThat(status(access, proxied("https://evil.example.org", "evil.example.org")))
                .as("a name that resolves to the proxy (DNS rebinding)")
                .isEqualTo(403);
        Head unnamed = proxied("https://sync.example.org", null);
        assertThat(access.check(unnamed, access.caller(unnamed, null))
                        .orElseThrow()
                        .words())
                .contains("'127.0.0.1:8080'", "X-Forwarded-Host", "sluice.http.trusted-proxies", "sluice.http.hosts");
    }

    private static Head proxied(String origin, String publicHost) {
        return new Head(
                "POST",
                PAUSE,
                "127.0.0.1:8080",
                publicHost,
                "127.0.0.1",
                false,
                origin,
                "same-origin",
                null,
                false,
                null);
    }

    @Test
    void aTokenIsNeededToChangeSomethingAndToReadValues() {
        HttpAccess access = new HttpAccess(Set.of(), "s3cret", false);

        assertThat(status(access, act(null, null, null, false, null))).isEqualTo(401);
        assertThat(status(access, act(null, null, null, false, "Bearer s3cre"))).isEqualTo(401);
        assertThat(status(access, act(null, null, null, false, "Basic s3cret"))).isEqualTo(401);
        assertThat(status(access, act(null, null, null, false, "bearer s3cret")))
                .isEqualTo(200);
        assertThat(status(access, head("GET", "/api/status", "localhost"))).isEqualTo(200);
        assertThat(status(access, head("GET", "/api/openapi.json", "localhost")))
                .isEqualTo(200);
        assertThat(status(access, head("GET", "/api/dead-letters", "localhost")))
                .isEqualTo(401);
        assertThat(status(access, head("POST", "/api/status", "localhost"))).isEqualTo(401);
        assertThat(access.caller(head("GET", "/api/status", "localhost"), null).roles())
                .as("roles of a program without the token")
                .containsExactly(Caller.Role.READ);
    }

    @Test
    void webhooksAreNotServedOnTheApiPort() {
        assertThat(status(head("POST", "/webhooks/hubspot", "localhost"))).isEqualTo(404);
    }

    @Test
    void loopbackAddressesAreRecognised() {
        assertThat(new String[] {"127.0.0.1", "::1", "[::1]", "localhost"}).allMatch(HttpAccess::isLoopback);
        assertThat(new String[] {"0.0.0.0", "::", "10.0.0.1", "no.such.host.invalid"})
                .noneMatch(HttpAccess::isLoopback);
    }

    @Test
    void aUserDoesWhatTheRolesAllow() {
        HttpAccess access = new HttpAccess(Set.of(), null, true);
        Head read = head("GET", "/api/status", "localhost");
        Head events = head("GET", "/page/events", "localhost");
        Head act = act("http://127.0.0.1:8080", "same-origin", null, false, null);
        Caller reader = new Caller("anna", Set.of(Caller.Role.READ));
        Caller actor = new Caller("ben", Set.of(Caller.Role.ACT));

        assertThat(status(access, read)).isEqualTo(401);
        assertThat(status(access, events)).isEqualTo(401);
        assertThat(status(access, act)).isEqualTo(401);
        assertThat(status(access, read, reader)).isEqualTo(200);
        assertThat(status(access, events, reader)).isEqualTo(200);
        assertThat(status(access, act, reader)).isEqualTo(403);
        assertThat(status(access, act, actor)).isEqualTo(200);
        assertThat(status(access, read, actor)).isEqualTo(403);
        for (String spelling :
                new String[] {"/page/events/", "/page/events;x", "/page/events.", "/page/", "/page/new"}) {
            assertThat(status(access, head("GET", spelling, "localhost")))
                    .as(spelling)
                    .isEqualTo(401);
        }
        for (String open : new String[] {"/", "/page/app.js", "/page/what-if.js", "/page/icon.svg", "/page/me"}) {
            assertThat(status(access, head("GET", open, "localhost"))).as(open).isEqualTo(200);
        }
    }

    @Test
    void aPageOfAnotherSiteCanLogNobodyIn() {
        HttpAccess access = new HttpAccess(Set.of(), null, true);
        assertThat(status(
                        access,
                        new Head(
                                "POST",
                                HttpAccess.LOGIN,
                                "localhost",
                                null,
                                "127.0.0.1",
                                false,
                                "http://evil.example.org",
                                null,
                                "application/json",
                                true,
                                null)))
                .isEqualTo(403);
        assertThat(status(
                        access,
                        new Head(
                                "POST",
                                HttpAccess.LOGIN,
                                "localhost",
                                null,
                                "127.0.0.1",
                                false,
                                null,
                                "cross-site",
                                "application/json",
                                true,
                                null)))
                .isEqualTo(403);
    }
}
