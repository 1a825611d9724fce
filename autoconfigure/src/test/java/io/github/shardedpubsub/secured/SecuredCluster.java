package io.github.shardedpubsub.secured;

import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import io.github.shardedpubsub.test.ServerTrait;
import io.github.shardedpubsub.test.TlsIdentity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.springframework.util.FileSystemUtils;

/**
 * Three masters that speak TLS only, want a certificate of their clients, and know a user who may do what the documents say is needed and
 * nothing else.
 */
final class SecuredCluster implements AutoCloseable {

    static final String USER = "app";

    static final String PASSWORD = "secret";

    static final String CLIENT_NAME = "orders-service";

    private static final Pattern ACL = Pattern.compile("^(ACL SETUSER .*)$", Pattern.MULTILINE);

    private final Path folder;

    private final RedisCluster cluster;

    /** That the test itself uses, so that it always stays valid. */
    private final TlsIdentity first;

    private int generation;

    SecuredCluster() {
        try {
            this.folder = Files.createTempDirectory("secured");
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
        this.first = TlsIdentity.create(folder, "servers-0");
        TlsIdentity client = TlsIdentity.create(folder, "client-0");
        this.cluster = RedisCluster.builder()
                .tls(this.first)
                .configuration("tls-auth-clients", "yes")
                .configuration("tls-ca-cert-file", trusted(this.first, client).toString())
                .start();
        giveToApplication(this.first, client);
        createUser(USER);
    }

    RedisCluster cluster() {
        return this.cluster;
    }

    /** What an application is told under {@code spring}, but for how it is authenticated. */
    String[] connection() {
        return new String[] {
            "spring.data.redis.cluster.nodes=" + String.join(",", this.cluster.addresses()),
            "spring.data.redis.client-name=" + CLIENT_NAME,
            "spring.data.redis.ssl.bundle=redis",
            "spring.ssl.bundle.watch.file.quiet-period=100ms",
            "spring.ssl.bundle.pem.redis.reload-on-update=true",
            "spring.ssl.bundle.pem.redis.keystore.certificate=" + uri("own.pem"),
            "spring.ssl.bundle.pem.redis.keystore.private-key=" + uri("own-key.pem"),
            "spring.ssl.bundle.pem.redis.truststore.certificate=" + uri("trusted.pem")
        };
    }

    private String uri(String file) {
        return this.folder.resolve(file).toUri().toString();
    }

    /** A certificate that is not the servers', as a resource. */
    String otherCertificate() {
        return TlsIdentity.create(this.folder, "other").certificate().toUri().toString();
    }

    /** Creates a user by the rules of the documents. */
    void createUser(String name) {
        List<String> rules;
        try {
            rules = ACL.matcher(Files.readString(Path.of("../docs/security.md")))
                    .results()
                    .map(MatchResult::group)
                    .toList();
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
        for (String rule : rules) {
            if (!rule.contains("myshardid") || this.cluster.has(ServerTrait.NAMES_SHARDS)) {
                String[] command = rule.replace(" app ", " " + name + " ").split(" ");
                onEachNode(command);
            }
        }
    }

    void onEachNode(String... command) {
        this.cluster.nodes().forEach(node -> node.command(command));
    }

    /** Closes all connections of applications. */
    void killApplicationConnections() {
        for (RedisNode node : this.cluster.nodes()) {
            node.killClients("pubsub");
            node.killClients("normal");
        }
    }

    /** Of the nodes' client lists, those with shard channels. */
    List<String> listeningConnections() {
        return this.cluster.nodes().stream()
                .flatMap(node -> node.command("CLIENT", "LIST").lines())
                .filter(line -> line.contains("ssub=") && !line.contains("ssub=0 "))
                .toList();
    }

    /** By all nodes since they were started. */
    long connectionsReceived() {
        return this.cluster.nodes().stream()
                .flatMap(node -> node.command("INFO", "stats").lines())
                .filter(line -> line.startsWith("total_connections_received:"))
                .mapToLong(line ->
                        Long.parseLong(line.substring(line.indexOf(':') + 1).trim()))
                .sum();
    }

    /** What the users were denied. */
    List<String> denied() {
        return this.cluster.nodes().stream()
                .map(node -> node.command("ACL", "LOG"))
                .filter(log -> !log.isEmpty())
                .toList();
    }

    /**
     * From now on the servers show another certificate, which an application does not trust yet, and take none that the application has.
     *
     * @return gives the application what fits
     */
    Runnable replaceCertificates() {
        this.generation++;
        TlsIdentity servers = TlsIdentity.create(this.folder, "servers-" + this.generation);
        TlsIdentity client = TlsIdentity.create(this.folder, "client-" + this.generation);
        onEachNode(
                "CONFIG",
                "SET",
                "tls-cert-file",
                servers.certificate().toString(),
                "tls-key-file",
                servers.privateKey().toString(),
                "tls-ca-cert-file",
                trusted(this.first, servers, client).toString());
        return () -> giveToApplication(servers, client);
    }

    private Path trusted(TlsIdentity... identities) {
        try {
            Path all = Files.createTempFile(this.folder, "trusted", ".pem");
            Files.write(
                    all,
                    Arrays.stream(identities)
                            .flatMap(identity -> lines(identity.certificate()))
                            .toList());
            return all;
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    private static Stream<String> lines(Path file) {
        try {
            return Files.readAllLines(file).stream();
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    private void giveToApplication(TlsIdentity servers, TlsIdentity client) {
        put(client.privateKey(), "own-key.pem");
        put(client.certificate(), "own.pem");
        put(servers.certificate(), "trusted.pem");
    }

    private void put(Path content, String name) {
        try {
            Path copy = Files.createTempFile(this.folder, "new", ".tmp");
            Files.copy(content, copy, StandardCopyOption.REPLACE_EXISTING);
            Files.move(copy, this.folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    @Override
    public void close() {
        this.cluster.close();
        try {
            FileSystemUtils.deleteRecursively(this.folder);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }
}
