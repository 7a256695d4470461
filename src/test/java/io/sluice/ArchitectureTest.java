// SPDX-License-Identifier: Apache-2.0
package io.sluice;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The structure that the packages promise. */
class ArchitectureTest {

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.sluice");
    private static final DescribedPredicate<JavaClass> SANDBOX = resideInAPackage("io.sluice.sandbox..");
    /** The demo joins the two: it starts the sandbox and fills the product's database. */
    private static final DescribedPredicate<JavaClass> DEMO = resideInAPackage("io.sluice.demo..");

    private static final DescribedPredicate<JavaClass> PRODUCT =
            resideInAPackage("io.sluice..").and(DescribedPredicate.not(SANDBOX)).and(DescribedPredicate.not(DEMO));
    private static final Path SOURCES = Path.of("src/main/java");

    @Test
    void noPackagesNeedEachOther() {
        slices().matching("io.sluice.(**)").should().beFreeOfCycles().check(CLASSES);
        assertThat(CLASSES.get("io.sluice.outbox.Outbox").getDirectDependenciesFromSelf())
                .as("what the check sees")
                .anyMatch(it -> it.getTargetClass().getPackageName().equals("io.sluice.store"));
    }

    @Test
    void aCycleWouldBeFound() {
        assertThatThrownBy(() -> slices().matching("io.sluice.archunit.(*)")
                        .should()
                        .beFreeOfCycles()
                        .check(new ClassFileImporter().importPackages("io.sluice.archunit")))
                .isInstanceOf(AssertionError.class);
    }

    @Test
    void theSandboxAndTheProductDoNotKnowEachOther() {
        noClasses().that(SANDBOX).should().dependOnClassesThat(PRODUCT.or(DEMO)).check(CLASSES);
        noClasses().that(PRODUCT).should().dependOnClassesThat(SANDBOX.or(DEMO)).check(CLASSES);
    }

    @Test
    void onlyTheWiringKnowsAVendorsPackage() {
        noClasses()
                .that(PRODUCT.and(DescribedPredicate.not(resideInAnyPackage(
                        "io.sluice.crm.salesforce..", "io.sluice.crm.hubspot..", "io.sluice.app.."))))
                .should()
                .dependOnClassesThat(resideInAnyPackage("io.sluice.crm.salesforce..", "io.sluice.crm.hubspot.."))
                .check(CLASSES);
        noClasses()
                .that(resideInAPackage("io.sluice.crm.salesforce.."))
                .should()
                .dependOnClassesThat(resideInAPackage("io.sluice.crm.hubspot.."))
                .check(CLASSES);
    }

    @Test
    void onlyAVendorsPackageAndTheWiringNameTheVendor() {
        List<String> places = new ArrayList<>();
        try (Stream<Path> files = Files.walk(SOURCES)) {
            for (Path file : files.filter(it -> it.toString().endsWith(".java")).toList()) {
                String folder = SOURCES.relativize(file).toString();
                if (!folder.startsWith("io/sluice/crm/salesforce")
                        && !folder.startsWith("io/sluice/app")
                        && Files.readString(file).toLowerCase(Locale.ROOT).contains("salesforce")) {
                    places.add(folder);
                }
            }
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
        assertThat(places).isEmpty();
    }

    @Test
    void noSimpleNameStandsTwiceInTheProduct() {
        Map<String, List<String>> byName = CLASSES.stream()
                .filter(PRODUCT)
                .filter(it -> it.isTopLevelClass())
                .collect(groupingBy(
                        JavaClass::getSimpleName, Collectors.mapping(JavaClass::getPackageName, Collectors.toList())));
        byName.values().removeIf(packages -> packages.size() == 1);

        assertThat(byName).isEmpty();
    }

    /**
     * Camel's Simple language finds both {@code lease()} and {@code getLease()} for {@code ${body.lease}}, and which of the
     * two it meets first differs from one JVM to the next: now it works, now the call is ambiguous.
     */
    @Test
    void noRecordHasAComponentAndAGetterOfOneName() {
        List<String> twice = new ArrayList<>();
        CLASSES.stream().filter(JavaClass::isRecord).forEach(type -> {
            Set<String> methods =
                    type.getMethods().stream().map(JavaMethod::getName).collect(Collectors.toSet());
            type.getFields().stream()
                    .filter(field -> methods.contains(
                            "get" + field.getName().substring(0, 1).toUpperCase(Locale.ROOT)
                                    + field.getName().substring(1)))
                    .forEach(field -> twice.add(field.getFullName()));
        });
        assertThat(twice).isEmpty();
    }

    @Test
    void aPackageIsNamedForWhatItDoes() {
        assertThat(CLASSES.stream().map(JavaClass::getPackageName))
                .contains("io.sluice.quota")
                .noneMatch(name -> name.matches(".*\\.(util|utils|helper|helpers|common|misc)(\\..*)?"));
    }
}
