package io.github.shardedpubsub.observation;

import io.github.shardedpubsub.observation.ShardedPubSubObservation.ChannelKeys;
import io.github.shardedpubsub.observation.ShardedPubSubObservation.CommonKeys;
import io.github.shardedpubsub.observation.ShardedPubSubObservation.PublishKeys;
import io.github.shardedpubsub.observation.ShardedPubSubObservation.PublishedKeys;
import io.github.shardedpubsub.publisher.PublishOutcome;
import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;
import java.util.Locale;

/**
 * Name and keys as {@link ShardedPubSubObservation#PUBLISH} lists them. The span has no channel in its name, since there may be any
 * number of them.
 */
public class DefaultShardPublishObservationConvention implements ShardPublishObservationConvention {

    private static final KeyValues OPERATION =
            KeyValues.of(CommonKeys.SYSTEM.withValue("redis"), CommonKeys.OPERATION.withValue("publish"));

    @Override
    public String getContextualName(ShardPublishObservationContext context) {
        return "shard channel publish";
    }

    @Override
    public KeyValues getLowCardinalityKeyValues(ShardPublishObservationContext context) {
        PublishOutcome outcome = context.getOutcome();
        return OPERATION.and(PublishKeys.OUTCOME.withValue(
                outcome != null ? outcome.name().toLowerCase(Locale.ROOT) : KeyValue.NONE_VALUE));
    }

    @Override
    public KeyValues getHighCardinalityKeyValues(ShardPublishObservationContext context) {
        return KeyValues.of(
                ChannelKeys.CHANNEL.withValue(context.getChannel()),
                PublishedKeys.RECEIVERS.withValue(String.valueOf(context.getReceivers())));
    }
}
