// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Call;
import java.util.Map;

/**
 * Answers who is logged in: the identity URL (<a
 * href="https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_using_openid.htm">Identity URLs</a>) and
 * userinfo ("UserInfo Endpoint"). Both answer an invalid token with 403 and a word that is no JSON.
 */
final class Identities {

    /** Addresses of the versioned services of an org; they contain {@code {version}} unless the client names one. */
    private static final Map<String, String> SERVICES = Map.ofEntries(
            Map.entry("rest", ""),
            Map.entry("sobjects", "sobjects/"),
            Map.entry("search", "search/"),
            Map.entry("query", "query/"),
            Map.entry("recent", "recent/"),
            Map.entry("tooling_rest", "tooling/"),
            Map.entry("feeds", "chatter/feeds"),
            Map.entry("groups", "chatter/groups"),
            Map.entry("users", "chatter/users"),
            Map.entry("feed_items", "chatter/feed-items"),
            Map.entry("feed_elements", "chatter/feed-elements"));

    private static final Map<String, String> SOAP =
            Map.of("enterprise", "c", "metadata", "m", "partner", "u", "tooling_soap", "T");

    private Identities() {}

    /** Answers the identity URL of the user of every token. */
    static String url(Call call) {
        return call.origin() + "/id/" + SalesforceDefaults.ORGANIZATION + "/" + SalesforceDefaults.API_USER;
    }

    /** Answers an invalid or a missing token. */
    static Answer refused(boolean hasToken) {
        return Answer.text(403, "text/html;charset=UTF-8", hasToken ? "Bad_OAuth_Token" : "Missing_OAuth_Token");
    }

    static Answer userInfo(Call call) {
        ObjectNode info = Answers.JSON.createObjectNode();
        info.put("sub", url(call))
                .put("user_id", SalesforceDefaults.API_USER)
                .put("organization_id", SalesforceDefaults.ORGANIZATION)
                .put("preferred_username", SalesforceDefaults.API_USERNAME)
                .put("nickname", "sluice")
                .put("name", "Integration Sluice")
                .put("email", SalesforceDefaults.API_USERNAME)
                .put("email_verified", true)
                .put("given_name", "Integration")
                .put("family_name", "Sluice")
                .put("zoneinfo", "GMT");
        photos(info.putObject("photos"), call);
        info.put("profile", call.origin() + "/" + SalesforceDefaults.API_USER)
                .put("picture", call.origin() + "/profilephoto/005/F")
                .putObject("address");
        urls(info.putObject("urls"), call, null);
        info.put("active", true)
                .put("user_type", "STANDARD")
                .put("language", "en_US")
                .put("locale", "en_US")
                .put("utcOffset", 0)
                .put("updated_at", "2026-01-01T00:00:00Z")
                .put("is_app_installed", true);
        return Answers.json(200, info);
    }

    static Answer identity(Call call) {
        boolean isKnown = call.path()
                .matches("/id/" + SalesforceDefaults.ORGANIZATION.substring(0, 15) + "\\w{0,3}/"
                        + SalesforceDefaults.API_USER.substring(0, 15) + "\\w{0,3}/?");
        if (!isKnown) {
            return Answers.error(SalesforceError.notFound());
        }
        ObjectNode identity = Answers.JSON.createObjectNode();
        identity.put("id", url(call))
                .put("asserted_user", true)
                .put("user_id", SalesforceDefaults.API_USER)
                .put("organization_id", SalesforceDefaults.ORGANIZATION)
                .put("username", SalesforceDefaults.API_USERNAME)
                .put("nick_name", "sluice")
                .put("display_name", "Integration Sluice")
                .put("email", SalesforceDefaults.API_USERNAME)
                .put("email_verified", true)
                .put("first_name", "Integration")
                .put("last_name", "Sluice")
                .put("timezone", "GMT");
        photos(identity.putObject("photos"), call);
        for (String none :
                new String[] {"addr_street", "addr_city", "addr_state", "addr_country", "addr_zip", "mobile_phone"}) {
            identity.putNull(none);
        }
        identity.put("mobile_phone_verified", false)
                .put("is_lightning_login_user", false)
                .putObject("status")
                .putNull("created_date")
                .putNull("body");
        urls(identity.putObject("urls"), call, call.query().get("version"));
        identity.put("active", true)
                .put("user_type", "STANDARD")
                .put("language", "en_US")
                .put("locale", "en_US")
                .put("utcOffset", 0)
                .put("last_modified_date", "2026-01-01T00:00:00Z")
                .put("is_app_installed", true);
        return Answers.json(200, identity);
    }

    private static void photos(ObjectNode photos, Call call) {
        photos.put("picture", call.origin() + "/profilephoto/005/F")
                .put("thumbnail", call.origin() + "/profilephoto/005/T");
    }

    private static void urls(ObjectNode urls, Call call, String asked) {
        String version = asked == null ? "{version}" : "latest".equals(asked) ? Describes.NEWEST_VERSION + ".0" : asked;
        SOAP.forEach((name, letter) -> urls.put(
                name,
                call.origin() + "/services/Soap/" + letter + "/" + version + "/"
                        + SalesforceDefaults.ORGANIZATION.substring(0, 15)));
        SERVICES.forEach((name, path) -> urls.put(name, call.origin() + "/services/data/v" + version + "/" + path));
        urls.put("profile", call.origin() + "/" + SalesforceDefaults.API_USER).put("custom_domain", call.origin());
    }
}
