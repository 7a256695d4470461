// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import io.sluice.sandbox.salesforce.soap.Envelope;
import java.util.Locale;
import java.util.Map;

/**
 * Says who saves records and which of the customer's rules apply.
 *
 * @param user             id of the user who is named in the records
 * @param allowsDuplicates whether duplicate rules that only alert are passed
 * @param assigns          whether assignment rules give the records an owner
 */
record SaveOptions(String user, boolean allowsDuplicates, boolean assigns) {

    /** Options of a bulk job, whose rows no assignment rule sees: the sandbox takes no {@code assignmentRuleId}. */
    static final SaveOptions BULK = new SaveOptions(SalesforceDefaults.API_USER, false, false);

    /** Options of an edit in the org's own screens. */
    static final SaveOptions SCREENS = new SaveOptions(SalesforceDefaults.CRM_USER, false, false);

    /**
     * Reads the options of a REST request. Assignment rules apply unless {@code Sforce-Auto-Assign} is FALSE
     * (<a href="https://developer.salesforce.com/docs/platform/api-rest/guide/headers-autoassign.html">Assignment Rule
     * Header</a>), to updates too. Alerts of duplicate rules reject a record unless {@code Sforce-Duplicate-Rule-Header}
     * holds {@code allowSave=true}
     * (<a href="https://developer.salesforce.com/docs/platform/api-rest/guide/headers-duplicaterules.html">Duplicate Rule
     * Header</a>).
     *
     * @param headers by lower-case name
     */
    static SaveOptions of(Map<String, String> headers) {
        return new SaveOptions(
                SalesforceDefaults.API_USER,
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
     */
    static SaveOptions of(Envelope envelope) {
        return new SaveOptions(
                SalesforceDefaults.API_USER,
                envelope.header("DuplicateRuleHeader", "allowSave")
                        .filter(Boolean::parseBoolean)
                        .isPresent(),
                envelope.header("AssignmentRuleHeader", "useDefaultRule")
                                .filter(Boolean::parseBoolean)
                                .isPresent()
                        || envelope.header("AssignmentRuleHeader", "assignmentRuleId")
                                .isPresent());
    }
}
