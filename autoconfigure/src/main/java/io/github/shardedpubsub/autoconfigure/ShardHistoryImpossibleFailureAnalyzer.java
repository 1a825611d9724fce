package io.github.shardedpubsub.autoconfigure;

import io.github.shardedpubsub.recovery.ShardHistoryImpossibleException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says what to do about a channel that can have no history. */
class ShardHistoryImpossibleFailureAnalyzer extends AbstractFailureAnalyzer<ShardHistoryImpossibleException> {

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, ShardHistoryImpossibleException cause) {
        return new FailureAnalysis(
                String.valueOf(cause.getMessage()),
                "Publish and listen to a name with a hash tag instead, as in 'orders:{eu}', or see that no pattern of"
                        + " 'sharded-pubsub.recovery.channels' matches '" + cause.getChannel()
                        + "' and that its listener does not say recover = \"true\".",
                cause);
    }
}
