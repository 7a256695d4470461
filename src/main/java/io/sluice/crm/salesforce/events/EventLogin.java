// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce.events;

import io.sluice.crm.LoginRejected;

/** Logs an account in for its stream of events. */
public interface EventLogin {

    /**
     * Holds what each call of Pub/Sub API sends about its caller.
     *
     * @param token        token of the session
     * @param instanceUrl  address of the organisation's instance
     * @param organisation id of the organisation
     */
    record Session(String token, String instanceUrl, String organisation) {

        @Override
        public String toString() {
            return "session of " + organisation;
        }
    }

    /** Returns a session for a stream that begins now. */
    Session signIn() throws LoginRejected;

    /** Notes that a call with this token was accepted. */
    void accepted(String token);

    /** Notes that a call with this token was rejected: the next one logs in. */
    void rejected(String token);
}
