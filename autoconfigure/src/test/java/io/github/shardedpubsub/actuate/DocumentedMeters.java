package io.github.shardedpubsub.actuate;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.common.docs.KeyName;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import java.util.Arrays;

/**
 * What {@link ShardedPubSubMeter} says of a meter that is registered.
 */
final class DocumentedMeters {

    private DocumentedMeters() {}

    static void isDocumented(Meter.Id meter) {
        ShardedPubSubMeter documented = Arrays.stream(ShardedPubSubMeter.values())
                .filter(candidate -> candidate.getName().equals(meter.getName()))
                .findFirst()
                .orElseThrow(() -> new AssertionError(meter.getName() + " is not documented"));
        assertThat(meter.getType()).isEqualTo(documented.getType());
        assertThat(meter.getDescription()).isEqualTo(documented.getDescription());
        assertThat(meter.getTags())
                .extracting(Tag::getKey)
                .containsExactlyElementsOf(Arrays.stream(documented.getKeyNames())
                        .map(KeyName::asString)
                        .toList());
    }
}
