package io.github.shardedpubsub.observation;

import io.github.shardedpubsub.observation.ShardedPubSubObservation.ChannelKeys;
import io.github.shardedpubsub.observation.ShardedPubSubObservation.CommonKeys;
import io.github.shardedpubsub.observation.ShardedPubSubObservation.ProcessKeys;
import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;

/**
 * Name and keys as {@link ShardedPubSubObservation#PROCESS} lists them. The span has no channel in its name, since there may be any
 * number of them.
 */
public class DefaultShardProcessObservationConvention implements ShardProcessObservationConvention {

    private static final KeyValues OPERATION =
            KeyValues.of(CommonKeys.SYSTEM.withValue("redis"), CommonKeys.OPERATION.withValue("process"));

    @Override
    public String getContextualName(ShardProcessObservationContext context) {
        return "shard channel process";
    }

    @Override
    public KeyValues getLowCardinalityKeyValues(ShardProcessObservationContext context) {
        String listener = context.getListener();
        return OPERATION.and(ProcessKeys.LISTENER.withValue(listener != null ? listener : KeyValue.NONE_VALUE));
    }

    @Override
    public KeyValues getHighCardinalityKeyValues(ShardProcessObservationContext context) {
        return KeyValues.of(ChannelKeys.CHANNEL.withValue(context.getChannel()));
    }
}
