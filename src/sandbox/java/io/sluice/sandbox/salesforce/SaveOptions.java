// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import io.sluice.sandbox.salesforce.soap.Envelope;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Says who saves records and which of the customer's rules apply.
 *
 * @param user             id of the user who is named in the records
 * @param origin           {@code changeOrigin} of the change events, empty for none
 * @param allowsDuplicates whether duplicate rules that only alert are passed
 * @param assigns          whether assignment rules give the records an owner
 */
record SaveOptions(String user, String origin, boolean allowsDuplicates, boolean assigns) {

    /** The client's name in {@code Sforce-Call-Options: client=crmsync, defaultNamespace=x}. */
    private static final Pattern CLIENT = Pattern.compile("client=([^,;]*)");

    /**
     * Options of an edit in the org's own screens, which write by an API of their own (as in the examples of <a
     * href="https://developer.salesforce.com/docs/atlas.en-us.change_data_capture.meta/change_data_capture/cdc_subscribe_compound_fields.htm">Get
     * Compound Fields in Change Events</a>).
     */
    static final SaveOptions SCREENS = new SaveOptions(
            SalesforceDefaults.CRM_USER,
            "com/salesforce/api/soap/" + Describes.NEWEST_VERSION + ".0;client=SfdcInternalAPI/",
            false,
            false);

    /** Options of a flow of the customer, whose changes have no origin. */
    static final SaveOptions AUTOMATION = new SaveOptions(SalesforceDefaults.CRM_USER, "", false, false);

    /**
     * Answers the options of a bulk job, whose rows no assignment rule sees: the sandbox takes no {@code
     * assignmentRuleId}.
     *
     * @param version of the API, such as v62.0
     */
    static SaveOptions bulk(String version) {
        return new SaveOptions(SalesforceDefaults.API_USER, origin("bulkapi", version, null), false, false);
    }

    /**
     * Reads the options of a REST request. Assignment rules apply unless {@code Sforce-Auto-Assign} is FALSE
     * (<a href="https://developer.salesforce.com/docs/platform/api-rest/guide/headers-autoassign.html">Assignment Rule
     * Header</a>), to updates too. Alerts of duplicate rules reject a record unless {@code Sforce-Duplicate-Rule-Header}
     * holds {@code allowSave=true}
     * (<a href="https://developer.salesforce.com/docs/platform/api-rest/guide/headers-duplicaterules.html">Duplicate Rule
     * Header</a>).
     *
     * @param version of the API, such as v62.0
     * @param headers by lower-case name
     */
    static SaveOptions of(String version, Map<String, String> headers) {
        Matcher client = CLIENT.matcher(headers.getOrDefault("sforce-call-options", ""));
        return new SaveOptions(
                SalesforceDefaults.API_USER,
                origin("rest", version, client.find() ? client.group(1).strip() : null),
                headers.getOrDefault("sforce-duplicate-rule-header", "")
                        .replace(" ", "")
                        .toLowerCase(Locale.ROOT)
                        .contains("allowsave=true"),
                !"false".equalsIgnoreCase(headers.get("sforce-auto-assign")));
    }

    /**
     * Reads the options of a SOAP request, where no assignment rule applies unless the header asks for one
     * (<a href="https://developer.salesforce.com/docs/platform/api/guide/sforce-api-header-assignmentruleheader.html"
     * >AssignmentRuleHeader</a>).
     *
     * @param version of the API, such as 62.0
     */
    static SaveOptions of(String version, Envelope envelope) {
        return new SaveOptions(
                SalesforceDefaults.API_USER,
                origin("soap", version, envelope.header("CallOptions", "client").orElse(null)),
                envelope.header("DuplicateRuleHeader", "allowSave")
                        .filter(Boolean::parseBoolean)
                        .isPresent(),
                envelope.header("AssignmentRuleHeader", "useDefaultRule")
                                .filter(Boolean::parseBoolean)
                                .isPresent()
                        || envelope.header("AssignmentRuleHeader", "assignmentRuleId")
                                .isPresent());
    }

    /**
     * Answers the origin of a change, {@code com/salesforce/api/rest/62.0;client=crmsync}. The client is there when the
     * writer names itself in its call options (<a
     * href="https://developer.salesforce.com/docs/platform/apex-ref/references/apex-ref/apex-class-eventbus-changeeventheader.html">ChangeEventHeader</a>).
     */
    private static String origin(String api, String version, String client) {
        return "com/salesforce/api/" + api + "/" + version.replace("v", "")
                + (client == null || client.isBlank() ? "" : ";client=" + client);
    }
}
