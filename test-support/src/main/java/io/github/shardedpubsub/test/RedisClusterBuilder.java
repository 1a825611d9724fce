package io.github.shardedpubsub.test;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link RedisCluster} is to be like. Not thread-safe.
 */
public final class RedisClusterBuilder {

    private static final Set<String> SET_BY_THE_CLUSTER = Set.of(
            "port",
            "tls-port",
            "tls-cluster",
            "tls-replication",
            "cluster-port",
            "bind",
            "dir",
            "cluster-enabled",
            "cluster-config-file",
            "cluster-node-timeout",
            "daemonize",
            "logfile");
    /** How many nodes can be added to a cluster in containers, whose ports are all bound at its start. */
    static final int SPARE_PORTS = 8;

    private static final Duration SHORTEST_NODE_TIMEOUT = Duration.ofMillis(100);

    private int masters = 3;
    private int replicasPerMaster;
    private final @Nullable String image;
    private @Nullable Path server;
    private boolean tls;
    private @Nullable TlsIdentity identity;
    private Duration nodeTimeout = Duration.ofSeconds(2);
    private Duration operationTimeout = Duration.ofSeconds(30);
    private final Map<String, List<String>> configuration = new LinkedHashMap<>();

    /**
     * @param image that the servers are run from, in containers, or null where they are processes of this machine
     */
    RedisClusterBuilder(@Nullable String image) {
        this.image = image;
    }

    /**
     * How many masters share the slots; 3 unless said. With one or two no failure is ever agreed upon, since that takes a majority of masters.
     *
     * @param count from 1
     */
    public RedisClusterBuilder masters(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("A cluster needs at least one master, not " + count + ".");
        }
        masters = count;
        return this;
    }

    /**
     * How many replicas each master has; none unless said.
     *
     * @param perMaster from 0
     */
    public RedisClusterBuilder replicas(int perMaster) {
        if (perMaster < 0) {
            throw new IllegalArgumentException("A master has no replicas, or some, but not " + perMaster + ".");
        }
        replicasPerMaster = perMaster;
        return this;
    }

    /**
     * The server to run, a {@code redis-server} or {@code valkey-server} of version 7 or later, or a script that becomes one by {@code exec}.
     * Unless said, it is the one of the system property {@code redis.server}, or else the Redis 7.0.15 of {@code org.signal:embedded-redis}.
     *
     * @throws IllegalStateException if the servers run in containers, from an image
     */
    public RedisClusterBuilder server(Path program) {
        if (image != null) {
            throw new IllegalStateException("The servers are those of the image " + image + ", and " + program
                    + " is a program of this machine.");
        }
        server = program;
        return this;
    }

    /**
     * The servers speak TLS, to clients as among themselves, and nothing else; with an identity that is made for them and which
     * {@link RedisCluster#tlsIdentity()} tells.
     *
     * @throws IllegalStateException if the servers run in containers
     */
    public RedisClusterBuilder tls() {
        if (image != null) {
            throw new IllegalStateException(
                    "Servers in containers do not speak TLS here, as their certificates are files of"
                            + " this machine. RedisCluster.builder() makes a cluster of processes.");
        }
        tls = true;
        return this;
    }

    /**
     * As {@link #tls()}, with a given identity. Clients show none, unless {@code tls-auth-clients} is {@link #configuration configured}; which ones
     * they are is said by {@code tls-ca-cert-file} then, in which the servers' own certificate must stand, too.
     *
     * @throws IllegalStateException if the servers run in containers
     */
    public RedisClusterBuilder tls(TlsIdentity servers) {
        identity = servers;
        return tls();
    }

    /**
     * How long a node may be silent until the others take it for failed ({@code cluster-node-timeout}); 2 s unless said. A replica takes over from
     * a dead master after about this time and a second more.
     *
     * @param timeout 100 ms or more; below a second a busy machine alone makes nodes "fail"
     */
    public RedisClusterBuilder nodeTimeout(Duration timeout) {
        if (timeout.compareTo(SHORTEST_NODE_TIMEOUT) < 0) {
            throw new IllegalArgumentException(
                    "A node time-out of " + timeout + " is too short: heartbeats go out every 100 ms.");
        }
        nodeTimeout = timeout;
        return this;
    }

    /**
     * How long any one operation may take, start included, until it fails; 30 s unless said.
     *
     * @param timeout more than nothing
     */
    public RedisClusterBuilder operationTimeout(Duration timeout) {
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException("An operation needs some time, not " + timeout + ".");
        }
        operationTimeout = timeout;
        return this;
    }

    /**
     * A line of every server's {@code redis.conf}. The first line with a key replaces what this class would set for it; further ones with the same
     * key are added. With {@code requirepass}, the servers and this cluster use that password among themselves.
     *
     * @param key a setting, such as {@code cluster-require-full-coverage}
     * @param value its value as {@code redis.conf} has it, in quotes where it holds blanks that are part of it
     * @throws IllegalArgumentException if the setting is one the cluster must make itself, such as {@code port}
     */
    public RedisClusterBuilder configuration(String key, String value) {
        String name = key.strip().toLowerCase(Locale.ROOT);
        if (SET_BY_THE_CLUSTER.contains(name)) {
            throw new IllegalArgumentException("'" + name
                    + "' cannot be configured: it differs from server to server, or has a method of its own.");
        }
        if (name.isEmpty() || (key + value).indexOf('\n') >= 0) {
            throw new IllegalArgumentException("Not a line of redis.conf: '" + key + " " + value + "'.");
        }
        configuration.computeIfAbsent(name, first -> new ArrayList<>()).add(value);
        return this;
    }

    /**
     * Starts the servers and waits until they are a cluster that serves all slots.
     *
     * @throws RedisClusterException if a server cannot be run, or the cluster is not ready in time; nothing is left running then
     */
    public RedisCluster start() {
        ServerHost host = image == null ? LocalHost.of(server) : containers(image);
        RedisCluster cluster = start(host);
        cluster.form(masters, replicasPerMaster);
        return cluster;
    }

    private RedisCluster start(ServerHost host) {
        try {
            if (tls && identity == null) {
                identity = TlsIdentity.create(host.folder(), "servers");
            }
            ServerAccess access = ServerAccess.of(password(), identity);
            return new RedisCluster(host, operationTimeout, lines(host), access);
        } catch (RuntimeException failed) {
            host.close();
            throw failed;
        }
    }

    private ServerHost containers(String ofImage) {
        try {
            return ContainerHost.start(ofImage, masters * (1 + replicasPerMaster) + SPARE_PORTS);
        } catch (NoClassDefFoundError missing) {
            throw new RedisClusterException(
                    "A cluster in containers needs org.testcontainers:testcontainers on the class path, an optional"
                            + " dependency. Add it, or use RedisCluster.builder(), which needs no Docker.",
                    missing);
        }
    }

    /** What all servers have in common. */
    private List<String> lines(ServerHost host) {
        Map<String, List<String>> settings = new LinkedHashMap<>();
        host.configuration().forEach((key, value) -> settings.put(key, List.of(value)));
        settings.put("protected-mode", List.of("no"));
        settings.put("daemonize", List.of("no"));
        settings.put("tcp-backlog", List.of("128"));
        settings.put("save", List.of("\"\""));
        settings.put("appendonly", List.of("no"));
        settings.put("repl-diskless-sync", List.of("yes"));
        settings.put("repl-diskless-sync-delay", List.of("0"));
        settings.put("repl-ping-replica-period", List.of("1"));
        settings.put("cluster-enabled", List.of("yes"));
        settings.put("cluster-config-file", List.of("nodes.conf"));
        settings.put("cluster-node-timeout", List.of(Long.toString(nodeTimeout.toMillis())));
        settings.put("cluster-announce-ip", List.of(LoopbackPorts.HOST));
        // A replica stands in for its master however long their link has been down: a test may have frozen or killed
        // the master long before.
        settings.put("cluster-replica-validity-factor", List.of("0"));
        // Else a master that gives away its last slot becomes a replica by itself, and replicas wander to masters that
        // have none.
        settings.put("cluster-allow-replica-migration", List.of("no"));
        if (!password().isEmpty()) {
            settings.put("masterauth", List.of(password()));
        }
        if (identity != null) {
            settings.put("tls-cluster", List.of("yes"));
            settings.put("tls-replication", List.of("yes"));
            settings.put("tls-auth-clients", List.of("no"));
            settings.put("tls-cert-file", List.of(quoted(identity.certificate())));
            settings.put("tls-key-file", List.of(quoted(identity.privateKey())));
            settings.put("tls-ca-cert-file", List.of(quoted(identity.certificate())));
        }
        settings.putAll(configuration);
        List<String> lines = new ArrayList<>();
        settings.forEach((key, values) -> values.forEach(value -> lines.add(key + " " + value)));
        return lines;
    }

    private static String quoted(Path file) {
        return '"' + file.toAbsolutePath().toString().replace("\\", "\\\\") + '"';
    }

    private String password() {
        List<String> passwords = configuration.getOrDefault("requirepass", List.of());
        return passwords.isEmpty() ? "" : passwords.get(passwords.size() - 1);
    }
}
