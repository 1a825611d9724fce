package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.pipe.ChannelName;
import java.util.LinkedHashSet;
import java.util.Set;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.data.redis.listener.PatternTopic;
import org.springframework.data.redis.listener.Topic;
import org.springframework.data.redis.serializer.RedisSerializer;
import org.springframework.util.Assert;

/** The shard channels that Spring Data's topics name. */
final class ShardChannels {

    private ShardChannels() {}

    /** Each once, in their order. */
    static Set<ChannelName> of(Iterable<? extends Topic> topics, RedisSerializer<String> serializer) {
        Set<ChannelName> channels = new LinkedHashSet<>();
        topics.forEach(topic -> channels.add(of(topic, serializer)));
        return channels;
    }

    static ChannelName of(Topic topic, RedisSerializer<String> serializer) {
        if (topic instanceof PatternTopic) {
            throw new ShardChannelPatternException(topic.getTopic());
        }
        Assert.isInstanceOf(ChannelTopic.class, topic, "A shard channel is a ChannelTopic");
        byte[] name = serializer.serialize(topic.getTopic());
        Assert.state(name != null, "The topic serializer returned null");
        return ChannelName.of(name);
    }
}
