package io.github.shardedpubsub.autoconfigure;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says what the connection lacks and how to get it. */
class UnsupportedRedisFailureAnalyzer extends AbstractFailureAnalyzer<UnsupportedRedisException> {

    private static final String WAY_OUT =
            "If this application is not to use sharded pub/sub, set 'sharded-pubsub.enabled=false' or remove the starter.";

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, UnsupportedRedisException cause) {
        return new FailureAnalysis(
                "Sharded pub/sub cannot be used: " + cause.getMessage(), action(cause) + " " + WAY_OUT, cause);
    }

    private static String action(UnsupportedRedisException cause) {
        return switch (cause.getRequirement()) {
            case LETTUCE ->
                "Use Lettuce: remove 'spring.data.redis.client-type=jedis' and have io.lettuce:lettuce-core on the class path, as it"
                        + " is with spring-boot-starter-data-redis.";
            case CLUSTER ->
                "Connect to a Redis Cluster: name some of its nodes in 'spring.data.redis.cluster.nodes', without"
                        + " 'spring.data.redis.sentinel' and 'spring.data.redis.masterreplica', and see that they run with"
                        + " 'cluster-enabled yes'. With several connection factories, the primary one has to be that of the cluster.";
            case RESP3 ->
                "Remove 'protocolVersion(ProtocolVersion.RESP2)' from the client options, which a"
                        + " LettuceClientOptionsBuilderCustomizer or a ClientOptions bean sets; RESP3 is what Lettuce uses by itself.";
            case SERVER -> "Update the servers to Redis 7.0 or later, or to Valkey.";
        };
    }
}
