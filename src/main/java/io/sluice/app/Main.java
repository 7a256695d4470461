package io.sluice.app;

/** Runs the bundle under plain Java and {@code mvn camel:run}; Camel JBang and Camel K bring their own main. */
public final class Main {

    private Main() {
    }

    public static void main(String[] args) throws Exception {
        System.exit(new org.apache.camel.main.Main().run(args));
    }
}
