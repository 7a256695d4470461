// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

/** Reports that an account could not log in, because the CRM rejected the login or did not answer; no call was made. */
public final class LoginRejected extends Exception {

    public LoginRejected(String account, String why, Throwable cause) {
        super("account " + account + " could not log in: " + why, cause);
    }
}
