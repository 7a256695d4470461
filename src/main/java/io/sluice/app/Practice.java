package io.sluice.app;

import io.sluice.store.Database;
import java.sql.SQLException;
import java.util.ServiceLoader;
import java.util.function.BinaryOperator;

/**
 * The environment to practise in: a sandbox that plays the CRMs, and the demo's tables. A jar of its own provides it, {@code
 * io.sluice:sluice-sandbox}, which an installation for a real org leaves out.
 */
public interface Practice {

    /**
     * Starts the sandbox.
     *
     * @param settings value of a setting by its name and its default
     * @return what stops it
     * @throws IllegalStateException where it can't start, with a sentence that says what to do
     */
    AutoCloseable startSandbox(BinaryOperator<String> settings);

    /** Makes and fills the tables of the demo, unless they are there. */
    void makeDemoTables(Database database) throws SQLException;

    /**
     * Finds the one on the class path.
     *
     * @param setting the setting that asks for it
     * @throws IllegalStateException where there is none
     */
    static Practice on(String setting) {
        return ServiceLoader.load(Practice.class, Practice.class.getClassLoader()).findFirst()
                .orElseThrow(() -> new IllegalStateException(setting + " is true, but the sandbox is not on the class path: add"
                        + " the jar of io.sluice:sluice-sandbox, or set sluice.sandbox.enabled and sluice.demo to false to work"
                        + " with a real org"));
    }
}
