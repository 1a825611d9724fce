package io.github.shardedpubsub.observation;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.actuate.ShardedPubSubMeter;
import io.github.shardedpubsub.publisher.PublishOutcome;
import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;
import io.micrometer.common.docs.KeyName;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ShardedPubSubObservationTests {

    private static void areAll(KeyName[] documented, KeyValues given) {
        assertThat(given.stream().map(KeyValue::getKey).toList())
                .containsExactlyInAnyOrderElementsOf(
                        Arrays.stream(documented).map(KeyName::asString).toList());
    }

    @Test
    void theDefaultConventionsGiveTheKeysThatAreDocumented() {
        ShardPublishObservationContext publish = new ShardPublishObservationContext("orders");
        DefaultShardPublishObservationConvention publishing = new DefaultShardPublishObservationConvention();
        areAll(
                ShardedPubSubObservation.PUBLISH.getLowCardinalityKeyNames(),
                publishing.getLowCardinalityKeyValues(publish));
        publish.ended(PublishOutcome.PUBLISHED, 1);
        areAll(
                ShardedPubSubObservation.PUBLISH.getHighCardinalityKeyNames(),
                publishing.getHighCardinalityKeyValues(publish));

        ShardProcessObservationContext process = new ShardProcessObservationContext("orders", null, Map.of());
        DefaultShardProcessObservationConvention processing = new DefaultShardProcessObservationConvention();
        areAll(
                ShardedPubSubObservation.PROCESS.getLowCardinalityKeyNames(),
                processing.getLowCardinalityKeyValues(process));
        areAll(
                ShardedPubSubObservation.PROCESS.getHighCardinalityKeyNames(),
                processing.getHighCardinalityKeyValues(process));
    }

    /** A registry does not take two meters of one name with different tags. */
    @Test
    void noObservationHasTheNameOfAMeter() {
        List<String> meters = Arrays.stream(ShardedPubSubMeter.values())
                .map(ShardedPubSubMeter::getName)
                .toList();
        assertThat(List.of(
                        new DefaultShardPublishObservationConvention().getName(),
                        new DefaultShardProcessObservationConvention().getName()))
                .doesNotContainAnyElementsOf(meters)
                .allSatisfy(name -> assertThat(meters).doesNotContain(name + ".active"));
    }

    @Test
    void aParentIsSoughtWhereMicrometerPutsIt() {
        assertThat(ObservedPublishing.PARENT).isEqualTo(ObservationThreadLocalAccessor.KEY);
    }
}
