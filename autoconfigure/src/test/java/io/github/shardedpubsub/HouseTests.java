package io.github.shardedpubsub;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import org.jspecify.annotations.NullMarked;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.context.annotation.Bean;

/**
 * Which package may know which, and how what is in them is made.
 */
@AnalyzeClasses(packages = "io.github.shardedpubsub", importOptions = ImportOption.DoNotIncludeTests.class)
class HouseTests {

    private static final String ROOT = "io.github.shardedpubsub.";

    private static final String PIPE = ROOT + "pipe..";

    private static final String SUBSCRIPTION = ROOT + "subscription..";

    private static final String LISTENER = ROOT + "listener..";

    private static final String RECOVERY = ROOT + "recovery..";

    private static final String PUBLISHER = ROOT + "publisher..";

    private static final String ACTUATE = ROOT + "actuate..";

    private static final String OBSERVATION = ROOT + "observation..";

    private static final String AUTOCONFIGURE = ROOT + "autoconfigure..";

    private static final String TEST_SUPPORT = ROOT + "test..";

    @ArchTest
    static final ArchRule arrowsPointDown = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .layer("autoconfigure")
            .definedBy(AUTOCONFIGURE)
            .layer("actuate")
            .definedBy(ACTUATE)
            .layer("observation")
            .definedBy(OBSERVATION)
            .layer("listener")
            .definedBy(LISTENER)
            .layer("publisher")
            .definedBy(PUBLISHER)
            .layer("recovery")
            .definedBy(RECOVERY)
            .layer("subscription")
            .definedBy(SUBSCRIPTION)
            .layer("pipe")
            .definedBy(PIPE)
            .whereLayer("autoconfigure")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("actuate")
            .mayOnlyBeAccessedByLayers("autoconfigure")
            .whereLayer("observation")
            .mayOnlyBeAccessedByLayers("autoconfigure")
            .whereLayer("listener")
            .mayOnlyBeAccessedByLayers("actuate", "observation", "autoconfigure")
            .whereLayer("publisher")
            .mayOnlyBeAccessedByLayers("actuate", "observation", "autoconfigure")
            .whereLayer("recovery")
            .mayOnlyBeAccessedByLayers("listener", "publisher", "actuate", "observation", "autoconfigure")
            .whereLayer("subscription")
            .mayOnlyBeAccessedByLayers("recovery", "listener", "publisher", "actuate", "autoconfigure")
            .whereLayer("pipe")
            .mayOnlyBeAccessedByLayers(
                    "subscription", "recovery", "listener", "publisher", "actuate", "observation", "autoconfigure");

    @ArchTest
    static final ArchRule packagesAreFreeOfCycles =
            slices().matching(ROOT + "(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule thePipeKnowsNoCluster = noClasses()
            .that()
            .resideInAPackage(PIPE)
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.lettuce.core.cluster..");

    @ArchTest
    static final ArchRule pipeAndSubscriptionKnowNoSpring = noClasses()
            .that()
            .resideInAnyPackage(PIPE, SUBSCRIPTION)
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.springframework..");

    @ArchTest
    static final ArchRule recoveryListenerAndPublisherKnowNoBoot = noClasses()
            .that()
            .resideInAnyPackage(RECOVERY, LISTENER, PUBLISHER)
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.springframework.boot..");

    @ArchTest
    static final ArchRule onlyAutoconfigureKnowsBootsAutoconfigure = noClasses()
            .that()
            .resideOutsideOfPackages(AUTOCONFIGURE, TEST_SUPPORT)
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.springframework.boot..autoconfigure..");

    @ArchTest
    static final ArchRule onlyActuateObservationAndAutoconfigureKnowMicrometer = noClasses()
            .that()
            .resideOutsideOfPackages(ACTUATE, OBSERVATION, AUTOCONFIGURE)
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.micrometer..");

    @ArchTest
    static final ArchRule everyPackageIsNullMarked = classes()
            .should(new ArchCondition<>("be in a package that is @NullMarked") {

                @Override
                public void check(JavaClass type, ConditionEvents events) {
                    boolean marked = type.getPackage().isAnnotatedWith(NullMarked.class);
                    events.add(new SimpleConditionEvent(
                            type, marked, type.getPackageName() + (marked ? " is" : " is not") + " @NullMarked"));
                }
            });

    @ArchTest
    static final ArchRule aNameSaysWhatAClassIs = noClasses()
            .should()
            .haveSimpleNameEndingWith("Manager")
            .orShould()
            .haveSimpleNameEndingWith("Helper")
            .orShould()
            .haveSimpleNameEndingWith("Util")
            .orShould()
            .haveSimpleNameEndingWith("Utils")
            .orShould()
            .haveSimpleNameEndingWith("Impl");

    private static final DescribedPredicate<JavaClass> AUTO_CONFIGURATION =
            describe("auto-configuration", type -> type.isAnnotatedWith(AutoConfiguration.class));

    @ArchTest
    static final ArchRule autoConfigurationsArePublicAndFinal = classes()
            .that(AUTO_CONFIGURATION)
            .should()
            .bePublic()
            .andShould()
            .haveModifier(JavaModifier.FINAL)
            .andShould()
            .resideInAPackage(AUTOCONFIGURE)
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule beanMethodsArePackagePrivate = methods()
            .that()
            .areAnnotatedWith(Bean.class)
            .should()
            .bePackagePrivate()
            .allowEmptyShould(true);
}
