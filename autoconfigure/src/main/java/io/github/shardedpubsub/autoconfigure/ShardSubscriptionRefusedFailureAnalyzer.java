package io.github.shardedpubsub.autoconfigure;

import io.github.shardedpubsub.subscription.ShardSubscriptionRefusedException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says which permission a listener's channel lacks. */
class ShardSubscriptionRefusedFailureAnalyzer extends AbstractFailureAnalyzer<ShardSubscriptionRefusedException> {

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, ShardSubscriptionRefusedException cause) {
        return new FailureAnalysis(
                String.valueOf(cause.getMessage()),
                "Give the user of 'spring.data.redis.username' the permission on every node, for example with"
                        + " ACL SETUSER <user> +ssubscribe +sunsubscribe +ping &" + cause.getChannel()
                        + ", or connect as another user.",
                cause);
    }
}
