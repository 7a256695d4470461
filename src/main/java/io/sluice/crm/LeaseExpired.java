package io.sluice.crm;

/** A call was not made, since its records may be another sender's by now. */
public final class LeaseExpired extends Exception {

    public LeaseExpired() {
        super("the lease of its records ended before the call could be made");
    }
}
