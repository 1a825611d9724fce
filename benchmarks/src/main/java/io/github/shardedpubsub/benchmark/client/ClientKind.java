package io.github.shardedpubsub.benchmark.client;

import io.lettuce.core.protocol.ProtocolVersion;
import java.util.Arrays;
import java.util.function.Supplier;

/** A client that can be chosen by its name. */
public enum ClientKind {

    /** Plain sockets, no library: the limit. */
    RAW("raw", true, RawClient::new),
    /** Our subscriptions, with a sink on the event loop. */
    OURS("ours", true, () -> new OurClient(false)),
    /** Our listener container: ordered, on worker threads. */
    OURS_CONTAINER("ours-container", false, () -> new OurContainer(false, false)),
    /** The same with its metrics in a registry. */
    OURS_METERED("ours-metered", false, () -> new OurContainer(true, false)),
    /** Our publisher with recovery. */
    OURS_RECOVERY("ours-recovery", true, () -> new OurClient(true)),
    /** Our listener container with recovery. */
    OURS_CONTAINER_RECOVERY("ours-container-recovery", false, () -> new OurContainer(false, true)),
    /** Lettuce's own pub/sub connection to a cluster, over RESP3. */
    LETTUCE_RESP3("lettuce-resp3", true, () -> new LettuceClient(ProtocolVersion.RESP3)),
    /** Lettuce's own pub/sub connection to a cluster, over RESP2. */
    LETTUCE_RESP2("lettuce-resp2", false, () -> new LettuceClient(ProtocolVersion.RESP2)),
    /** A thread for each node. */
    JEDIS("jedis", true, JedisClient::new),
    /** A sharded topic for each channel. */
    REDISSON("redisson", true, RedissonTopics::new),
    /** With native code of its own. */
    GLIDE("valkey-glide", false, GlideClient::new);

    private final String label;

    private final boolean publishes;

    private final Supplier<MeasuredClient> client;

    ClientKind(String label, boolean publishes, Supplier<MeasuredClient> client) {
        this.label = label;
        this.publishes = publishes;
        this.client = client;
    }

    /** What it is called in arguments and results. */
    public String label() {
        return this.label;
    }

    /** Whether it is compared in publishing. */
    public boolean publishes() {
        return this.publishes;
    }

    /** Whether it is only there to show what recovery costs. */
    public boolean recovers() {
        return this == OURS_RECOVERY || this == OURS_CONTAINER_RECOVERY;
    }

    /** A new one, not connected. */
    public MeasuredClient create() {
        return this.client.get();
    }

    /**
     * The client with this name.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static ClientKind of(String label) {
        return Arrays.stream(values())
                .filter(kind -> kind.label.equals(label))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("There is no client '" + label + "', but "
                        + Arrays.stream(values()).map(ClientKind::label).toList()));
    }
}
