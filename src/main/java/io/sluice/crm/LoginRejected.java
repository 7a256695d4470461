package io.sluice.crm;

/** The CRM did not let an account in, or could not be asked; no call was made. */
public final class LoginRejected extends Exception {

    public LoginRejected(String account, String why, Throwable cause) {
        super("account " + account + " could not sign in: " + why, cause);
    }
}
