// SPDX-License-Identifier: Apache-2.0
package io.sluice.alert;

import java.util.Locale;

/** Urgency of an alert: to know, to repair soon, or to repair now. */
public enum Severity {
    INFO,
    WARNING,
    CRITICAL;

    static Severity of(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
