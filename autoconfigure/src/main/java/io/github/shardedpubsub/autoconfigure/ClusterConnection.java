package io.github.shardedpubsub.autoconfigure;

import io.github.shardedpubsub.autoconfigure.UnsupportedRedisException.Requirement;
import io.github.shardedpubsub.subscription.LettuceFailure;
import io.lettuce.core.AbstractRedisClient;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.async.RedisAdvancedClusterAsyncCommands;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.protocol.ProtocolVersion;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.data.redis.connection.RedisClusterConfiguration;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.util.StringUtils;

/** The application's connection to its cluster, looked at for what sharded pub/sub needs. */
final class ClusterConnection {

    private static final Log logger = LogFactory.getLog(ClusterConnection.class);

    private static final String COMMAND = "ssubscribe";

    private final LettuceConnectionFactory factory;

    private ClusterConnection(LettuceConnectionFactory factory) {
        this.factory = factory;
    }

    /**
     * Looks at what can be seen without a server.
     *
     * @throws UnsupportedRedisException if it is not a Lettuce connection to a cluster by RESP3
     */
    static ClusterConnection of(RedisConnectionFactory factory) {
        if (!(factory instanceof LettuceConnectionFactory lettuce)) {
            throw new UnsupportedRedisException(
                    Requirement.LETTUCE,
                    "the connection factory is a " + factory.getClass().getName() + ", and only Lettuce is supported.");
        }
        if (!lettuce.isClusterAware()) {
            throw new UnsupportedRedisException(
                    Requirement.CLUSTER,
                    "the connection is " + describe(lettuce)
                            + ", and shard channels are spread over the nodes of a Redis Cluster.");
        }
        boolean resp2 = lettuce.getClientConfiguration()
                .getClientOptions()
                .map(ClientOptions::getConfiguredProtocolVersion)
                .filter(ProtocolVersion.RESP2::equals)
                .isPresent();
        if (resp2) {
            throw new UnsupportedRedisException(
                    Requirement.RESP3,
                    "the client options ask for RESP2, in which a message cannot be told from the reply to a command; RESP3 is needed.");
        }
        return new ClusterConnection(lettuce);
    }

    private static String describe(LettuceConnectionFactory factory) {
        if (factory.isRedisSentinelAware()) {
            return "one through Sentinel";
        }
        return "to a single server (" + factory.getHostName() + ":" + factory.getPort() + ")";
    }

    /** The phase in which the connection factory is started and stopped. */
    int phase() {
        return this.factory.getPhase();
    }

    /**
     * The client of the connection factory as it is now: another one after a restart.
     *
     * @throws IllegalStateException while the connection factory is stopped
     */
    RedisClusterClient client() {
        AbstractRedisClient client = this.factory.getRequiredNativeClient();
        if (client instanceof RedisClusterClient cluster) {
            return cluster;
        }
        throw new UnsupportedRedisException(
                Requirement.CLUSTER,
                "the client of the connection factory is a " + client.getClass().getName()
                        + ", and only a RedisClusterClient knows the slots.");
    }

    /**
     * How the connection factory enters nodes: its credentials, TLS and client name, as it puts them into the addresses of its own
     * client. Host and port mean nothing.
     */
    RedisURI access() {
        LettuceClientConfiguration client = this.factory.getClientConfiguration();
        RedisClusterConfiguration cluster = Objects.requireNonNull(this.factory.getClusterConfiguration());
        RedisURI.Builder access = RedisURI.builder()
                .withHost("localhost")
                .withSsl(client.isUseSsl())
                .withVerifyPeer(client.getVerifyMode())
                .withStartTls(client.isStartTls())
                .withTimeout(client.getCommandTimeout());
        client.getClientName().ifPresent(access::withClientName);
        char[] password = cluster.getPassword().toOptional().orElse(new char[0]);
        if (StringUtils.hasText(cluster.getUsername())) {
            access.withAuthentication(cluster.getUsername(), password);
        } else if (password.length > 0) {
            access.withPassword(password);
        }
        client.getRedisCredentialsProviderFactory()
                .ifPresent(factory -> access.withAuthentication(factory.createCredentialsProvider(cluster)));
        return access.build();
    }

    /**
     * Asks one node whether it knows the command. If nothing can be learned, because the cluster cannot be reached, does not answer
     * in time, or does not tell this user, this is logged and nothing more: whoever needs the cluster will say so.
     *
     * @throws UnsupportedRedisException if it does not know it or is not of a cluster
     */
    void requireServer(Duration patience) {
        try {
            ask(client()).get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        } catch (TimeoutException ex) {
            logger.warn("No answer from the cluster within " + patience.toMillis()
                    + " ms, so it is unknown whether its servers know sharded pub/sub");
        } catch (ExecutionException ex) {
            learnFrom(ex);
        }
    }

    private static CompletableFuture<?> ask(RedisClusterClient client) {
        return client.refreshPartitionsAsync()
                .thenCompose(refreshed -> client.connectAsync(StringCodec.UTF8))
                .thenCompose(connection -> ask(connection.async()).whenComplete((answer, failure) -> {
                    var unused = connection.closeAsync();
                }))
                .toCompletableFuture();
    }

    private static CompletionStage<?> ask(RedisAdvancedClusterAsyncCommands<String, String> commands) {
        return commands.commandInfo(COMMAND)
                .thenCompose(answer -> isKnown(answer)
                        ? CompletableFuture.completedFuture(null)
                        : commands.info("server")
                                .handle((info, failure) -> failure != null ? "" : info)
                                .thenCompose(info -> CompletableFuture.failedFuture(new UnsupportedRedisException(
                                        Requirement.SERVER,
                                        "the server" + version(info) + " does not know the command SSUBSCRIBE."))));
    }

    /** A command that is not known is answered with null. */
    static boolean isKnown(List<Object> commandInfo) {
        return commandInfo.stream()
                .filter(Objects::nonNull)
                .anyMatch(entry -> !(entry instanceof List<?> fields) || !fields.isEmpty());
    }

    private static String version(String info) {
        return info.lines()
                .filter(line -> line.startsWith("redis_version:"))
                .map(line -> ", which is Redis "
                        + line.substring(line.indexOf(':') + 1).trim() + ",")
                .findFirst()
                .orElse("");
    }

    private static void learnFrom(ExecutionException failure) {
        Set<Throwable> failures = new LinkedHashSet<>();
        collect(failure, failures);
        for (Throwable each : failures) {
            if (each instanceof UnsupportedRedisException unsupported) {
                throw unsupported;
            }
            if (String.valueOf(each.getMessage()).contains("cluster support disabled")) {
                throw new UnsupportedRedisException(
                        Requirement.CLUSTER,
                        "the server says that it is not one of a cluster (" + each.getMessage() + ").");
            }
        }
        logger.warn("The cluster could not be asked whether its servers know sharded pub/sub: "
                + LettuceFailure.reason(failure));
        logger.debug("Why the cluster could not be asked", failure);
    }

    /** Lettuce keeps what the single nodes said as suppressed exceptions. */
    private static void collect(Throwable failure, Set<Throwable> collected) {
        if (collected.add(failure)) {
            if (failure.getCause() != null) {
                collect(failure.getCause(), collected);
            }
            for (Throwable suppressed : failure.getSuppressed()) {
                collect(suppressed, collected);
            }
        }
    }
}
