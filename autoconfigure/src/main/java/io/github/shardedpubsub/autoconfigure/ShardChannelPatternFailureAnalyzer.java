package io.github.shardedpubsub.autoconfigure;

import io.github.shardedpubsub.listener.ShardChannelPatternException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says what to do about a listener of a pattern. */
class ShardChannelPatternFailureAnalyzer extends AbstractFailureAnalyzer<ShardChannelPatternException> {

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, ShardChannelPatternException cause) {
        return new FailureAnalysis(
                String.valueOf(cause.getMessage()),
                "Name each channel exactly, in a method of its own or with addMessageListener and ChannelTopic.of(…), which takes any"
                        + " name literally. For patterns of classic pub/sub use @RedisListener without a container.",
                cause);
    }
}
