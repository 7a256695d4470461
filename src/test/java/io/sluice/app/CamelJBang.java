package io.sluice.app;

import org.apache.camel.dsl.jbang.core.commands.CamelJBangMain;

/** The {@code camel} command, for a machine that has none. */
public final class CamelJBang {

    private CamelJBang() {
    }

    public static void main(String[] args) {
        CamelJBangMain.run(args);
    }
}
