package io.github.shardedpubsub.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpointWebExtension.ActionDescriptor;
import io.github.shardedpubsub.recovery.HistoryLoss;
import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.InterruptionCause;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The schema of the endpoint's JSON says what there is, no more and no less. */
class EndpointSchemaTests {

    private final JsonNode definitions =
            JsonMapper.shared().readTree(EndpointSchema.text()).get("$defs");

    static Stream<Class<?>> descriptors() {
        return Stream.concat(
                Arrays.stream(ShardedPubSubEndpoint.class.getDeclaredClasses()).filter(Class::isRecord),
                Stream.of(ActionDescriptor.class));
    }

    @ParameterizedTest
    @MethodSource("descriptors")
    void everythingThatIsShownIsInTheSchema(Class<?> descriptor) {
        JsonNode definition = this.definitions.get(descriptor.getSimpleName());

        assertThat(definition).as(descriptor.getSimpleName()).isNotNull();
        assertThat(definition.get("properties").propertyNames())
                .containsExactlyElementsOf(Arrays.stream(descriptor.getRecordComponents())
                        .map(RecordComponent::getName)
                        .toList());
        assertThat(definition.get("additionalProperties").asBoolean()).isFalse();
    }

    @Test
    void everyDescriptorOfTheSchemaIsShown() {
        assertThat(this.definitions.propertyNames().stream().filter(name -> name.endsWith("Descriptor")))
                .containsExactlyInAnyOrderElementsOf(
                        descriptors().map(Class::getSimpleName).toList());
    }

    @Test
    void theStatesAndCausesAreThoseThatThereAre() {
        assertThat(words(this.definitions.get("state").get("enum")))
                .isEqualTo(Arrays.stream(ChannelState.values()).map(Enum::name).toList());
        assertThat(words(this.definitions
                        .get("InterruptionDescriptor")
                        .get("properties")
                        .get("cause")
                        .get("enum")))
                .isEqualTo(Arrays.stream(InterruptionCause.values())
                        .map(Enum::name)
                        .toList());
        assertThat(words(this.definitions
                        .get("LossDescriptor")
                        .get("properties")
                        .get("cause")
                        .get("enum")))
                .isEqualTo(Arrays.stream(HistoryLoss.Cause.values())
                        .map(Enum::name)
                        .toList());
    }

    @Test
    void whatIsNotSoIsNotValid() {
        assertThatThrownBy(() -> EndpointSchema.requireValid("LettuceDescriptor", """
                        {"fence": "off", "connections": -1, "outOfStep": 0}"""))
                .hasMessageContaining("/connections");
        assertThatThrownBy(() -> EndpointSchema.requireValid("MoveDescriptor", """
                        {"at": "yesterday", "channel": "orders", "slot": 42, "detail": "confirmed"}"""))
                .hasMessageContaining("/at");
    }

    private static List<String> words(JsonNode array) {
        return array.valueStream().map(JsonNode::asString).toList();
    }
}
