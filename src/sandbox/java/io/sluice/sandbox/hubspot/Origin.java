// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

/**
 * Names the source of a change, as {@code hs_object_source} and the {@code changeSource} of webhooks show it. The store
 * keeps it as the user of a row.
 *
 * @param source such as INTEGRATION or CRM_UI
 * @param id     the app's id, or {@code userId:} and a number
 */
record Origin(String source, String id) {

    /** Id of the only app whose token the sandbox accepts. */
    static final String APP_ID = "600001";

    static final Origin API = new Origin("INTEGRATION", APP_ID);
    static final Origin USER = new Origin("CRM_UI", "userId:45678");
    /** Source of the customer's workflows. */
    static final Origin WORKFLOW = new Origin("AUTOMATION_PLATFORM", "flowId:700001");

    /** Answers the user's id, or null when the source is no user. */
    Integer userId() {
        return id.startsWith("userId:") ? Integer.valueOf(id.substring("userId:".length())) : null;
    }

    static Origin of(String user) {
        int slash = user.indexOf('/');
        return new Origin(user.substring(0, slash), user.substring(slash + 1));
    }

    String user() {
        return this == API ? "INTEGRATION/600001" : this == USER ? "CRM_UI/userId:45678" : source + "/" + id;
    }
}
