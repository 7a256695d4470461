import org.apache.camel.dsl.jbang.core.commands.CamelJBangMain;

/** The {@code camel} command, for a machine that has none: run as a source file by the Java launcher. */
class CamelJBang {

    public static void main(String[] args) {
        CamelJBangMain.run(args);
    }
}
