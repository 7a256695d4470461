package io.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Checks the structure of the packages in the sources. */
class ArchitectureTest {

    private static final Path SOURCES = Path.of("src/main/java");
    /** Finds a package by its lower-case words before a class name; full names in the code count like imports. */
    private static final Pattern NAMED = Pattern.compile("\\b(io\\.sluice(?:\\.[a-z][a-z0-9_]*)*)\\.(?:[A-Z]|\\*)");
    private static final String SANDBOX = "io.sluice.sandbox";

    private static final Map<Path, String> FILES = sources();

    @Test
    void packagesHaveNoCycles() {
        Map<String, Set<String>> needs = needs();

        assertThat(needs.get("io.sluice.outbox")).as("what the outbox needs").contains("io.sluice", "io.sluice.store");
        assertThat(cycle(needs)).as("packages in a cycle").isEmpty();
    }

    @Test
    void aCycleOfPackagesIsFound() {
        assertThat(cycle(Map.of("a", Set.of("b"), "b", Set.of("c"), "c", Set.of("a", "d"), "d", Set.of())))
                .containsExactlyInAnyOrder("a", "b", "c");
    }

    @Test
    void theSandboxAndTheProductDoNotUseEachOther() {
        List<String> dependencies = new ArrayList<>();
        needs().forEach((name, needed) -> needed.stream()
                .filter(other -> isSandbox(name) != isSandbox(other))
                .forEach(other -> dependencies.add(name + " uses " + other)));

        assertThat(dependencies).isEmpty();
    }

    @Test
    void onlyItsOwnPackageTheSandboxAndTheCompositionNameAVendor() {
        List<String> places = new ArrayList<>();
        FILES.forEach((file, text) -> {
            String name = packageOf(file);
            boolean allowed = name.startsWith("io.sluice.crm.salesforce") || isSandbox(name) || name.equals("io.sluice.app");
            List<String> lines = text.lines().toList();
            for (int i = 0; !allowed && i < lines.size(); i++) {
                if (lines.get(i).toLowerCase(Locale.ROOT).contains("salesforce")) {
                    places.add(file + ":" + (i + 1) + ": " + lines.get(i).strip());
                }
            }
        });

        assertThat(places).isEmpty();
    }

    /**
     * Camel's Simple language finds both {@code lease()} and {@code getLease()} for {@code ${body.lease}}. Their order differs
     * from one JVM to the next, so that the call works in one and is ambiguous in another.
     */
    @Test
    void noRecordHasAComponentAndAGetterOfOneName() throws Exception {
        Path classes = Path.of(Sync.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        List<String> twice = new ArrayList<>();
        try (Stream<Path> files = Files.walk(classes)) {
            for (Path file : files.filter(it -> it.toString().endsWith(".class")).toList()) {
                Class<?> type = Class.forName(classes.relativize(file).toString().replace(".class", "").replace('/', '.'),
                        false, getClass().getClassLoader());
                if (type.isRecord()) {
                    Set<String> methods = Stream.of(type.getDeclaredMethods()).map(Method::getName).collect(Collectors.toSet());
                    Stream.of(type.getRecordComponents()).map(RecordComponent::getName)
                            .filter(name -> methods.contains("get" + name.substring(0, 1).toUpperCase(Locale.ROOT)
                                    + name.substring(1))).forEach(name -> twice.add(type.getName() + "." + name));
                }
            }
        }
        assertThat(twice).isEmpty();
    }

    @Test
    void aPackageIsNamedForWhatItDoes() {
        assertThat(FILES.keySet().stream().map(ArchitectureTest::packageOf))
                .contains("io.sluice.quota")
                .noneMatch(name -> name.matches(".*\\.(util|utils|helper|helpers|common|misc)(\\..*)?"));
    }

    private static boolean isSandbox(String name) {
        return name.equals(SANDBOX) || name.startsWith(SANDBOX + ".");
    }

    /** Maps each package to the packages of Sluice whose classes it names. */
    private static Map<String, Set<String>> needs() {
        Map<String, Set<String>> needs = new TreeMap<>();
        FILES.forEach((file, text) -> {
            String own = packageOf(file);
            Set<String> needed = needs.computeIfAbsent(own, name -> new TreeSet<>());
            Matcher matcher = NAMED.matcher(text);
            while (matcher.find()) {
                if (!matcher.group(1).equals(own)) {
                    needed.add(matcher.group(1));
                }
            }
        });
        return needs;
    }

    /** Returns the packages of one cycle, or an empty set. */
    private static Set<String> cycle(Map<String, Set<String>> needs) {
        Set<String> harmless = new TreeSet<>();
        for (String name : needs.keySet()) {
            Set<String> cycle = cycle(name, new LinkedHashSet<>(), harmless, needs);
            if (!cycle.isEmpty()) {
                return cycle;
            }
        }
        return Set.of();
    }

    private static Set<String> cycle(String name, Set<String> way, Set<String> harmless, Map<String, Set<String>> needs) {
        if (harmless.contains(name)) {
            return Set.of();
        }
        if (!way.add(name)) {
            List<String> steps = new ArrayList<>(way);
            return new LinkedHashSet<>(steps.subList(steps.indexOf(name), steps.size()));
        }
        for (String next : needs.getOrDefault(name, Set.of())) {
            Set<String> cycle = cycle(next, way, harmless, needs);
            if (!cycle.isEmpty()) {
                return cycle;
            }
        }
        way.remove(name);
        harmless.add(name);
        return Set.of();
    }

    private static String packageOf(Path file) {
        return SOURCES.relativize(file.getParent()).toString().replace('/', '.').replace('\\', '.');
    }

    private static Map<Path, String> sources() {
        Map<Path, String> sources = new TreeMap<>();
        try (Stream<Path> files = Files.walk(SOURCES)) {
            for (Path file : files.filter(it -> it.toString().endsWith(".java")).toList()) {
                sources.put(file, Files.readString(file));
            }
        } catch (IOException unreadable) {
            throw new java.io.UncheckedIOException(unreadable);
        }
        return sources;
    }
}
