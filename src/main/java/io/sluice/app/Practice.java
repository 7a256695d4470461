// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import io.sluice.store.Database;
import java.sql.SQLException;
import java.util.ServiceLoader;
import java.util.function.BinaryOperator;

/**
 * Provides the practice environment: a sandbox that simulates the CRMs, and the demo's tables. It is in a jar of its own, {@code
 * io.sluice:sluice-sandbox}, which an installation for a real org leaves out.
 */
public interface Practice {

    /**
     * Starts the sandbox.
     *
     * @param settings value of a setting by its name and its default
     * @return handle that stops the sandbox
     * @throws IllegalStateException where it can't start, with the remedy
     */
    AutoCloseable startSandbox(BinaryOperator<String> settings);

    /** Creates and fills the tables of the demo, unless they exist. */
    void makeDemoTables(Database database) throws SQLException;

    /**
     * Finds the implementation on the class path.
     *
     * @param setting setting that requires it
     * @throws IllegalStateException where there is none
     */
    static Practice on(String setting) {
        return ServiceLoader.load(Practice.class, Practice.class.getClassLoader())
                .findFirst()
                .orElseThrow(() ->
                        new IllegalStateException(setting + " is true, but the sandbox is not on the class path: add"
                                + " the jar of io.sluice:sluice-sandbox, or set sluice.sandbox.enabled and sluice.demo to false to work"
                                + " with a real org"));
    }
}
