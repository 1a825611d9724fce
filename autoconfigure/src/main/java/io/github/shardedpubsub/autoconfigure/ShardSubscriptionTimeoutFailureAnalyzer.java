package io.github.shardedpubsub.autoconfigure;

import io.github.shardedpubsub.listener.ShardSubscriptionTimeoutException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says what to do about channels that the cluster did not confirm in time. */
class ShardSubscriptionTimeoutFailureAnalyzer extends AbstractFailureAnalyzer<ShardSubscriptionTimeoutException> {

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, ShardSubscriptionTimeoutException cause) {
        String seen = String.valueOf(cause.getMessage());
        String access = AccessProblem.of(seen)
                .map(problem -> problem.action() + System.lineSeparator())
                .orElse("");
        return new FailureAnalysis(
                seen,
                access
                        + "See that the nodes of 'spring.data.redis.cluster.nodes' can be reached, also under the addresses that they announce,"
                        + " and that all slots are served (CLUSTER INFO). If it only takes longer, raise"
                        + " 'sharded-pubsub.subscription-timeout'. If the application is to start before the cluster serves its"
                        + " channels, set 'sharded-pubsub.listener.fail-on-start-timeout=false'.",
                cause);
    }
}
