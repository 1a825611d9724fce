package io.github.shardedpubsub.observation;

import io.micrometer.common.docs.KeyName;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;
import io.micrometer.observation.docs.ObservationDocumentation;

/**
 * The observations: their names and keys, as the default conventions give them.
 *
 * <p>Their names are no names of meters in {@code ShardedPubSubMeter}, since each of them becomes a timer where there are metrics.
 */
public enum ShardedPubSubObservation implements ObservationDocumentation {

    /** A message is published: from the call to the answer, with all its redirects and retries. One for each message of a batch. */
    PUBLISH {

        @Override
        public Class<? extends ObservationConvention<? extends Observation.Context>> getDefaultConvention() {
            return DefaultShardPublishObservationConvention.class;
        }

        @Override
        public KeyName[] getLowCardinalityKeyNames() {
            return KeyName.merge(CommonKeys.values(), PublishKeys.values());
        }

        @Override
        public KeyName[] getHighCardinalityKeyNames() {
            return KeyName.merge(ChannelKeys.values(), PublishedKeys.values());
        }
    },

    /** A listener is called with a message: from before its conversion until its error handler has done. One for each listener. */
    PROCESS {

        @Override
        public Class<? extends ObservationConvention<? extends Observation.Context>> getDefaultConvention() {
            return DefaultShardProcessObservationConvention.class;
        }

        @Override
        public KeyName[] getLowCardinalityKeyNames() {
            return KeyName.merge(CommonKeys.values(), ProcessKeys.values());
        }

        @Override
        public KeyName[] getHighCardinalityKeyNames() {
            return ChannelKeys.values();
        }
    };

    @Override
    public String getPrefix() {
        return "sharded.pubsub";
    }

    /** Low-cardinality keys of both. */
    public enum CommonKeys implements KeyName {

        /** {@code redis}. */
        SYSTEM {

            @Override
            public String asString() {
                return "messaging.system";
            }
        },

        /** {@code publish} or {@code process}. */
        OPERATION {

            @Override
            public String asString() {
                return "messaging.operation";
            }
        }
    }

    /** Low-cardinality keys of {@link #PUBLISH}. */
    public enum PublishKeys implements KeyName {

        /** {@code published}, {@code refused} or {@code unknown}: see {@link io.github.shardedpubsub.publisher.PublishOutcome}. */
        OUTCOME {

            @Override
            public String asString() {
                return "sharded.pubsub.outcome";
            }
        }
    }

    /** Low-cardinality keys of {@link #PROCESS}. */
    public enum ProcessKeys implements KeyName {

        /** The id or name that somebody has chosen for the listener, or {@code none}. */
        LISTENER {

            @Override
            public String asString() {
                return "sharded.pubsub.listener.id";
            }
        }
    }

    /** High-cardinality keys of both. */
    public enum ChannelKeys implements KeyName {

        /** The shard channel. */
        CHANNEL {

            @Override
            public String asString() {
                return "messaging.destination.name";
            }
        }
    }

    /** High-cardinality keys of {@link #PUBLISH}. */
    public enum PublishedKeys implements KeyName {

        /** How many subscribers the node counted that served the message. */
        RECEIVERS {

            @Override
            public String asString() {
                return "sharded.pubsub.receivers";
            }
        }
    }
}
