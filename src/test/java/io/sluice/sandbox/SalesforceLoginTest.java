// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import org.junit.jupiter.api.Test;

class SalesforceLoginTest extends SandboxTestBase {

    @Test
    void aTokenAnswerHasTheVendorsShape() {
        JsonNode token = crm.form("grant_type=client_credentials&client_id=sluice&client_secret=sluice")
                .json();
        assertThat(token.path("instance_url").asText()).isEqualTo(crm.base());
        assertThat(token.path("id").asText()).matches(crm.base() + "/id/[A-Za-z0-9]{18}/[A-Za-z0-9]{18}");
        assertThat(token.path("access_token").asText()).matches("00D[A-Za-z0-9]{12}!.+");
        assertThat(token.path("token_type").asText()).isEqualTo("Bearer");
        assertThat(token.has("expires_in")).isFalse();
    }

    @Test
    void aWrongSecretIsRefused() {
        SalesforceClient.Reply reply = crm.form("grant_type=client_credentials&client_id=sluice&client_secret=no");
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.json().path("error").asText()).isEqualTo("invalid_client");
    }

    @Test
    void anUnknownClientAndAnUnknownGrantAreRefused() {
        assertThat(crm.form("grant_type=client_credentials&client_id=x&client_secret=sluice")
                        .json()
                        .path("error")
                        .asText())
                .isEqualTo("invalid_client_id");
        assertThat(crm.form("grant_type=magic&client_id=sluice&client_secret=sluice")
                        .json()
                        .path("error")
                        .asText())
                .isEqualTo("unsupported_grant_type");
    }

    @Test
    void theShippedKeySignsALoginByJwt() throws Exception {
        String assertion = jwt("sluice@example.org", System.currentTimeMillis() / 1000 + 180);
        assertThat(jwtLogin(assertion).status()).isEqualTo(200);
    }

    @Test
    void aJwtOfAnotherUserOrKeyOrTimeIsRefused() throws Exception {
        long soon = System.currentTimeMillis() / 1000 + 180;
        String good = jwt("sluice@example.org", soon);
        String forged = good.substring(0, good.lastIndexOf('.')) + "." + "A".repeat(342);
        assertThat(jwtLogin(forged).json().path("error_description").asText()).isEqualTo("invalid assertion");
        assertThat(jwtLogin(jwt("eve@example.org", soon)).status()).isEqualTo(400);
        assertThat(jwtLogin(jwt("sluice@example.org", soon - 600)).status()).isEqualTo(400);
    }

    @Test
    void aJwtThatLastsTooLongIsRefusedAndOneInMillisecondsIsTaken() throws Exception {
        long now = System.currentTimeMillis() / 1000;
        assertThat(jwtLogin(jwt("sluice@example.org", now + 300)).status()).isEqualTo(200);
        assertThat(jwtLogin(jwt("sluice@example.org", now + 3600))
                        .json()
                        .path("error")
                        .asText())
                .isEqualTo("invalid_grant");
        // as the vendor's command line has it
        assertThat(jwtLogin(jwt("sluice@example.org", System.currentTimeMillis() + 300))
                        .status())
                .isEqualTo(200);
        assertThat(jwtLogin(jwt("sluice@example.org", now + 60, "https://login.example.org"))
                        .json()
                        .path("error_description")
                        .asText())
                .isEqualTo("audience is invalid");
        assertThat(jwtLogin(jwt("sluice@example.org", now + 60, "https://login.salesforce.com"))
                        .status())
                .isEqualTo(200);
    }

    @Test
    void aCodeIsGoodOnceAndAtItsRedirectAddress() {
        String redirect = "http://127.0.0.1:1717/OauthRedirect";
        String code = code(redirect, "&state=a%26b");
        assertThat(codeLogin(code, "http://127.0.0.1:1717/Other", "&client_secret=sluice")
                        .json()
                        .path("error")
                        .asText())
                .isEqualTo("redirect_uri_mismatch");
        assertThat(codeLogin(code, redirect, "&client_secret=no")
                        .json()
                        .path("error")
                        .asText())
                .isEqualTo("invalid_client");
        JsonNode token = codeLogin(code, redirect, "&client_secret=sluice").json();
        assertThat(token.path("refresh_token").asText()).isEqualTo("refresh-salesforce");
        crm.useToken(token.path("access_token").asText());
        assertThat(crm.get(API + "/limits").status()).isEqualTo(200);
        assertThat(codeLogin(code, redirect, "&client_secret=sluice")
                        .json()
                        .path("error_description")
                        .asText())
                .isEqualTo("invalid authorization code");
    }

    @Test
    void aChallengeReplacesTheSecret() {
        String redirect = "http://127.0.0.1:1717/OauthRedirect";
        // the pair of RFC 7636, appendix B
        String challenge = "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
        assertThat(codeLogin(code(redirect, challenge), redirect, "&code_verifier=wrong")
                        .json()
                        .path("error_description")
                        .asText())
                .isEqualTo("invalid code verifier");
        assertThat(codeLogin(
                                code(redirect, challenge),
                                redirect,
                                "&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
                        .status())
                .isEqualTo(200);
        assertThat(codeLogin(code(redirect, ""), redirect, "")
                        .json()
                        .path("error")
                        .asText())
                .isEqualTo("invalid_client");
    }

    private String code(String redirect, String more) {
        SalesforceClient.Reply reply =
                crm.get("/services/oauth2/authorize?response_type=code&client_id=sluice&redirect_uri="
                        + SalesforceClient.encoded(redirect) + more);
        assertThat(reply.status()).isEqualTo(302);
        assertThat(reply.header("Location")).startsWith(redirect + "?code=");
        if (more.contains("state")) {
            assertThat(reply.header("Location")).endsWith("&state=a%26b");
        }
        return java.net.URLDecoder.decode(
                reply.header("Location").replaceFirst(".*code=", "").replaceFirst("&.*", ""), StandardCharsets.UTF_8);
    }

    private SalesforceClient.Reply codeLogin(String code, String redirect, String more) {
        return crm.form("grant_type=authorization_code&client_id=sluice&code=" + SalesforceClient.encoded(code)
                + "&redirect_uri=" + SalesforceClient.encoded(redirect) + more);
    }

    @Test
    void passwordAndRefreshTokenLogInToo() {
        assertThat(crm.form("grant_type=password&client_id=sluice&client_secret=sluice&username=sluice%40example.org"
                                + "&password=sluice")
                        .status())
                .isEqualTo(200);
        assertThat(crm.form("grant_type=password&client_id=sluice&client_secret=sluice&username=sluice%40example.org"
                                + "&password=wrong")
                        .json()
                        .path("error_description")
                        .asText())
                .isEqualTo("authentication failure");
        assertThat(crm.form("grant_type=refresh_token&client_id=sluice&refresh_token=refresh-salesforce")
                        .status())
                .isEqualTo(200);
        assertThat(crm.form("grant_type=refresh_token&client_id=sluice&refresh_token=dead")
                        .json()
                        .path("error_description")
                        .asText())
                .isEqualTo("expired access/refresh token");
    }

    @Test
    void aMissingOrRevokedOrForeignTokenIsAnInvalidSession() {
        String token = crm.form("grant_type=client_credentials&client_id=sluice&client_secret=sluice")
                .json()
                .path("access_token")
                .asText();
        crm.useToken(token);
        assertThat(crm.get(API + "/limits").status()).isEqualTo(200);
        crm.get("/services/oauth2/revoke?token=" + token);
        SalesforceClient.Reply reply = crm.get(API + "/limits");
        assertThat(reply.status()).isEqualTo(401);
        assertThat(reply.errorCode()).isEqualTo("INVALID_SESSION_ID");
        crm.useToken("nonsense");
        assertThat(crm.get(API + "/limits").status()).isEqualTo(401);
        crm.useToken(null);
        assertThat(crm.get(API + "/limits").status()).isEqualTo(401);
    }

    @Test
    void logInsAreCountedApartFromCalls() {
        crm.login();
        JsonNode counted = crm.referee();
        assertThat(counted.path("logins").asInt()).isEqualTo(2);
        assertThat(counted.path("accepted").asInt()).isZero();
        assertThat(counted.path("byOperation").path("token").asInt()).isEqualTo(2);
    }

    @Test
    void userinfoShowsWhoIsLoggedIn() {
        JsonNode info = crm.get("/services/oauth2/userinfo").json();
        assertThat(info.path("preferred_username").asText()).isEqualTo("sluice@example.org");
        assertThat(info.path("user_id").asText()).hasSize(18).startsWith("005");
        assertThat(info.path("organization_id").asText()).hasSize(18).startsWith("00D");
        assertThat(info.at("/urls/rest").asText()).isEqualTo(crm.base() + "/services/data/v{version}/");
        assertThat(info.path("email_verified").asBoolean()).isTrue();
        crm.useToken("nonsense");
        SalesforceClient.Reply bad = crm.get("/services/oauth2/userinfo");
        assertThat(bad.status()).isEqualTo(403);
        assertThat(bad.text()).isEqualTo("Bad_OAuth_Token");
    }

    @Test
    void theIdentityAddressShowsTheUserAndWhereTheServicesAre() {
        JsonNode token = crm.form("grant_type=client_credentials&client_id=sluice&client_secret=sluice")
                .json();
        crm.useToken(null);
        String path = token.path("id").asText().substring(crm.base().length());
        assertThat(crm.get(path).text()).isEqualTo("Missing_OAuth_Token");
        JsonNode identity = crm.get(path + "?version=62.0&format=json&oauth_token="
                        + SalesforceClient.encoded(token.path("access_token").asText()))
                .json();
        assertThat(identity.path("id").asText()).isEqualTo(token.path("id").asText());
        assertThat(identity.path("username").asText()).isEqualTo("sluice@example.org");
        assertThat(identity.path("display_name").asText()).isEqualTo("Integration Sluice");
        assertThat(identity.at("/urls/sobjects").asText()).isEqualTo(crm.base() + "/services/data/v62.0/sobjects/");
        assertThat(identity.at("/urls/partner").asText()).contains("/services/Soap/u/62.0/00D");
        crm.useToken(token.path("access_token").asText());
        assertThat(crm.get("/id/00DXX0000000009AAA/005XX0000000009AAA").status())
                .isEqualTo(404);
    }

    @Test
    void aClientIdNamesItsAccount() {
        crm.put("/sandbox/accounts/second", "{\"crm\":\"salesforce\"}");
        crm.upsertContacts(SalesforceClient.contact("C-1", "One"));
        SalesforceClient second = new SalesforceClient(sandbox.port()).login("sluice-second");
        assertThat(second.query("SELECT COUNT() FROM Contact")
                        .json()
                        .path("totalSize")
                        .asInt())
                .isZero();
        assertThat(crm.query("SELECT COUNT() FROM Contact")
                        .json()
                        .path("totalSize")
                        .asInt())
                .isOne();
    }

    private SalesforceClient.Reply jwtLogin(String assertion) {
        return crm.form("grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=" + assertion);
    }

    private static String jwt(String user, long expires) throws Exception {
        return jwt(user, expires, "http://127.0.0.1");
    }

    private static String jwt(String user, long expires, String audience) throws Exception {
        String pem = new String(
                        Sandbox.class
                                .getResourceAsStream("/io/sluice/sandbox/jwt-private.pem")
                                .readAllBytes(),
                        StandardCharsets.US_ASCII)
                .replaceAll("-----[A-Z ]+-----|\\s", "");
        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initSign(KeyFactory.getInstance("RSA")
                .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem))));
        String content = base64("{\"alg\":\"RS256\"}") + "."
                + base64("{\"iss\":\"sluice\",\"sub\":\"" + user + "\",\"aud\":\"" + audience + "\",\"exp\":\""
                        + expires + "\"}");
        signature.update(content.getBytes(StandardCharsets.US_ASCII));
        return content + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(signature.sign());
    }

    private static String base64(String text) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
