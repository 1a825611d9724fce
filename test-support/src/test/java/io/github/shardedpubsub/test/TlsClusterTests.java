package io.github.shardedpubsub.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import javax.net.SocketFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Servers that speak TLS to everybody. */
@Tag("live")
class TlsClusterTests {

    private static RedisCluster cluster;

    @BeforeAll
    static void start() {
        cluster = RedisCluster.builder()
                .masters(2)
                .replicas(1)
                .configuration("requirepass", "secret")
                .tls()
                .start();
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @Test
    void theyAreAWholeClusterWhoseCertificateCanBeHad() {
        assertThat(cluster.replicas())
                .hasSize(2)
                .allSatisfy(replica -> assertThat(replica.command("ROLE")).contains("connected"));
        assertThat(Objects.requireNonNull(cluster.tlsIdentity()).certificate())
                .content()
                .startsWith("-----BEGIN CERTIFICATE-----");
    }

    @Test
    void aSlotMovesWithItsKeys() {
        int slot = RedisCluster.slot("key");
        RedisNode source = cluster.owner(slot);
        RedisNode target = cluster.otherMaster(source);
        source.command("SET", "key", "value");
        cluster.moveSlot(slot, target);
        assertThat(target.command("GET", "key")).isEqualTo("value");
    }

    @Test
    void whoSpeaksNoTlsHearsNothing() {
        RedisNode node = cluster.nodes().get(0);
        assertThatThrownBy(() -> {
                    try (RespConnection plain = new RespConnection(
                            SocketFactory.getDefault(), node.port(), Duration.ofSeconds(5), Duration.ofSeconds(5))) {
                        plain.call(StandardCharsets.UTF_8, List.of(List.of("PING")));
                    }
                })
                .isInstanceOf(IOException.class);
    }

    @Test
    void anIdentityIsNotMadeTwiceByOneName(@TempDir Path folder) {
        TlsIdentity first = TlsIdentity.create(folder, "twice");
        assertThat(first.privateKey()).content().startsWith("-----BEGIN PRIVATE KEY-----");
        assertThatThrownBy(() -> TlsIdentity.create(folder, "twice"))
                .isInstanceOf(RedisClusterException.class)
                .hasMessageContaining("new in it");
    }

    @Test
    void serversInContainersDoNotSpeakIt() {
        assertThatIllegalStateException()
                .isThrownBy(() -> RedisCluster.containers("redis:8.0").tls())
                .withMessageContaining("RedisCluster.builder()");
    }
}
