package io.github.shardedpubsub.autoconfigure;

import io.github.shardedpubsub.recovery.ShardHistoryRefusedException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says which permission a listener's channel with a history lacks. */
class ShardHistoryRefusedFailureAnalyzer extends AbstractFailureAnalyzer<ShardHistoryRefusedException> {

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, ShardHistoryRefusedException cause) {
        return new FailureAnalysis(
                String.valueOf(cause.getMessage()),
                "Give the user of 'spring.data.redis.username' what listeners and publishers of such channels need, on every node, with"
                        + " ACL SETUSER <user> " + ShardHistoryRefusedException.RULES
                        + ", or leave '" + cause.getChannel() + "' out of 'sharded-pubsub.recovery.channels',"
                        + " or let the listener do without it: recover = \"false\".",
                cause);
    }
}
