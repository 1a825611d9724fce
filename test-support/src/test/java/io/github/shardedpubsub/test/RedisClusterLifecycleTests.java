package io.github.shardedpubsub.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("live")
class RedisClusterLifecycleTests {

    @Test
    void nothingIsLeftOfAClosedCluster() {
        Set<String> threadsBefore = threads();
        RedisCluster cluster = RedisCluster.start(1, 1);
        List<RedisNode> nodes = cluster.nodes();
        List<Long> pids = nodes.stream().map(RedisNode::pid).toList();
        nodes.get(1).freeze();

        cluster.close();
        cluster.close();

        assertThat(pids).allSatisfy(pid -> assertThat(ProcessHandle.of(pid)).isEmpty());
        assertThat(cluster.folder()).doesNotExist();
        assertThat(threads()).isSubsetOf(threadsBefore);
        assertThatThrownBy(cluster::addNode)
                .isInstanceOf(RedisClusterException.class)
                .hasMessageContaining("closed");
        assertThatThrownBy(() -> nodes.get(0).command("PING")).isInstanceOf(RedisClusterException.class);
        assertThatThrownBy(() -> nodes.get(0).restart()).hasMessageContaining("closed");
    }

    private static Set<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                // The JDK's own, which waits for processes to end and goes away by itself.
                .filter(name -> !name.equals("process reaper"))
                .collect(Collectors.toSet());
    }

    @Test
    void nothingIsLeftWhenTheJvmExitsWithoutClosing(@TempDir Path folder) throws Exception {
        Path output = folder.resolve("output.txt");
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "-Djava.io.tmpdir=" + folder));
        String server = System.getProperty(ServerBinary.PROPERTY);
        if (server != null) {
            command.add("-D" + ServerBinary.PROPERTY + "=" + server);
        }
        command.add(ExitingApplication.class.getName());
        Process jvm = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();

        assertThat(jvm.waitFor(60, TimeUnit.SECONDS)).isTrue();

        List<Long> pids = Files.readAllLines(output).stream()
                .filter(line -> line.startsWith("pid "))
                .map(line -> Long.valueOf(line.substring(4)))
                .toList();
        assertThat(pids).as(Files.readString(output)).hasSize(2);
        assertThat(pids).allSatisfy(pid -> assertThat(ProcessHandle.of(pid)).isEmpty());
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left.filter(path -> path.getFileName().toString().startsWith("redis-cluster-")))
                    .isEmpty();
        }
    }

    @Test
    void aServerThatIsNotThereIsNamed(@TempDir Path folder) {
        assertThatThrownBy(() -> RedisCluster.builder()
                        .server(folder.resolve("redis-server"))
                        .start())
                .isInstanceOf(RedisClusterException.class)
                .hasMessageContainingAll(folder.toString(), "is no file", "-Dredis.server=PATH");
    }

    @Test
    void aServerThatIsNotExecutableIsNamed(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("redis-server"), "#!/bin/sh\n");

        assertThatThrownBy(() -> RedisCluster.builder().server(file).start())
                .isInstanceOf(RedisClusterException.class)
                .hasMessageContainingAll("is not executable", "chmod +x");
    }

    @Test
    void aServerForAnotherMachineIsNamed(@TempDir Path folder) throws Exception {
        Path file = Files.write(folder.resolve("redis-server"), new byte[] {0x7f, 'E', 'L', 'F', 9, 9, 9, 9});
        assertThat(file.toFile().setExecutable(true)).isTrue();

        assertThatThrownBy(() -> RedisCluster.builder().server(file).start())
                .isInstanceOf(RedisClusterException.class)
                // Said by one of two messages: the JDK hands what the kernel refuses to a shell.
                .hasMessageContainingAll(file.toString(), "another processor");
    }

    @Test
    void aProgramThatIsNoServerIsNamed(@TempDir Path folder) throws Exception {
        Path file = script(folder, "echo I am something else");

        assertThatThrownBy(() -> RedisCluster.builder().server(file).start())
                .isInstanceOf(RedisClusterException.class)
                .hasMessageContainingAll("no redis-server or valkey-server", "I am something else");
    }

    @Test
    void anOldServerIsNamed(@TempDir Path folder) throws Exception {
        Path file = script(folder, "echo Redis server v=6.2.7 sha=0");

        assertThatThrownBy(() -> RedisCluster.builder().server(file).start())
                .isInstanceOf(RedisClusterException.class)
                .hasMessageContainingAll("is Redis 6.2.7", "Redis 7");
    }

    private static Path script(Path folder, String line) throws Exception {
        Path file = Files.writeString(folder.resolve("script"), "#!/bin/sh\n" + line + "\n", StandardCharsets.UTF_8);
        assertThat(file.toFile().setExecutable(true)).isTrue();
        return file;
    }

    @Test
    void aServerThatEndsAtOnceIsQuoted() {
        assertThatThrownBy(() -> RedisCluster.builder()
                        .masters(1)
                        .configuration("nonsense", "yes")
                        .start())
                .isInstanceOf(RedisClusterException.class)
                .hasMessageContainingAll("ended with exit code 1", "nonsense yes", "Its log says why");
    }

    @Test
    void settingsReachTheServersAndThePasswordIsUsed() {
        try (RedisCluster cluster = RedisCluster.builder()
                .masters(2)
                .replicas(1)
                .configuration("requirepass", "secret")
                .configuration("cluster-require-full-coverage", "no")
                .configuration("maxmemory-policy", "allkeys-lru")
                .start()) {
            RedisNode node = cluster.owner(1);
            assertThat(node.command("CONFIG", "GET", "maxmemory-policy")).endsWith("allkeys-lru");
            try (TestClient stranger = new TestClient(node)) {
                assertThat(String.valueOf(stranger.call("PING"))).contains("NOAUTH");
            }
            String key = RedisCluster.channelInSlot(1, "key");
            node.command("SET", key, "kept");
            RedisNode target = cluster.otherMaster(node);

            cluster.moveSlot(1, target);
            cluster.deleteSlots(2);

            assertThat(target.command("GET", key)).isEqualTo("kept");
            cluster.awaitAgreement();
        }
    }

    @Test
    void whatTheClusterSetsItselfCannotBeConfigured() {
        assertThatThrownBy(() -> RedisCluster.builder().configuration("Port", "7000"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'port' cannot be configured");
    }
}
