package io.github.shardedpubsub.sample;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.annotation.ReflectiveRuntimeHintsRegistrar;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;

/** What is sent as an event is in no method's signature, so that hints for it must be asked for. */
class PageUpdateHintsTests {

    @ParameterizedTest
    @ValueSource(
            classes = {
                PageUpdate.class,
                PageUpdate.Setting.class,
                PageUpdate.Connection.class,
                PageUpdate.Channel.class,
                PageUpdate.Headline.class,
                PageUpdate.Recovery.class,
                PageUpdate.LettuceAlone.class,
                PageUpdate.Courier.class,
                ClusterNodes.Node.class,
                EventHistory.Entry.class,
                Pulse.class,
                Overview.Progress.class
            })
    void everythingThatAPageIsToldIsReflectedUpon(Class<?> part) {
        RuntimeHints hints = new RuntimeHints();
        new ReflectiveRuntimeHintsRegistrar().registerRuntimeHints(hints, PageStreamController.class);
        assertThat(RuntimeHintsPredicates.reflection()
                        .onType(part)
                        .withMemberCategory(MemberCategory.INVOKE_DECLARED_CONSTRUCTORS))
                .accepts(hints);
    }
}
