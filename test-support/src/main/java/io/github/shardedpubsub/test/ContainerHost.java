package io.github.shardedpubsub.test;

import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.PortBinding;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/**
 * Docker: the servers run in containers, all in the network of one that does nothing else.
 *
 * <p>That one holds the ports, the same within its network as on this machine. So {@code 127.0.0.1:port} names a server to clients here and to the
 * other servers alike, and the ports of the cluster bus stay in there. It outlives the servers, and with it do the ports when one is killed.
 */
final class ContainerHost implements ServerHost {

    private static final int OLDEST_MAJOR = 7;
    private static final Pattern VERSION = Pattern.compile("(Redis|Valkey) version=((\\d+)\\.[\\w.-]+)");

    private final DockerImageName image;
    private final String version;
    private final GenericContainer<?> network;
    private final Queue<Integer> ports;

    private ContainerHost(DockerImageName image, String version, GenericContainer<?> network, List<Integer> ports) {
        this.image = image;
        this.version = version;
        this.network = network;
        this.ports = new ConcurrentLinkedQueue<>(ports);
    }

    /**
     * @param portCount how many servers there can ever be
     */
    static ContainerHost start(String imageName, int portCount) {
        requireDocker();
        DockerImageName image = DockerImageName.parse(imageName);
        List<Integer> ports = IntStream.range(0, portCount)
                .map(i -> LoopbackPorts.free())
                .boxed()
                .toList();
        GenericContainer<?> network = network(image, ports);
        try {
            network.start();
            return new ContainerHost(image, version(image, network.getLogs()), network, ports);
        } catch (RedisClusterException tooOld) {
            network.stop();
            throw tooOld;
        } catch (RuntimeException failed) {
            network.stop();
            throw new RedisClusterException(
                    "No server can be run in a container of " + imageName + ": " + rootCause(failed)
                            + ". The image must be there or to be had, and what it runs must be redis-server or valkey-server.",
                    failed);
        }
    }

    /** Testcontainers' own message names no reason; the last cause is Docker's word. */
    private static Throwable rootCause(Throwable failed) {
        Throwable cause = failed.getCause();
        return cause == null ? failed : rootCause(cause);
    }

    private static void requireDocker() {
        DockerClientFactory docker = DockerClientFactory.instance();
        if (!docker.isDockerAvailable()) {
            throw new RedisClusterException("There is no Docker here, or none that Testcontainers finds."
                    + " RedisCluster.builder() makes a cluster that needs none.");
        }
        String address = docker.dockerHostIpAddress();
        try {
            if (InetAddress.getByName(address).isLoopbackAddress()) {
                return;
            }
        } catch (UnknownHostException elsewhere) {
            // No address of this machine, then.
        }
        throw new RedisClusterException(
                "Docker has its ports at " + address + ", and the servers announce themselves at "
                        + LoopbackPorts.HOST + ". If they are there too, say so by TESTCONTAINERS_HOST_OVERRIDE="
                        + LoopbackPorts.HOST + ".");
    }

    private static GenericContainer<?> network(DockerImageName image, List<Integer> ports) {
        PortBinding[] bindings = ports.stream()
                .map(port -> PortBinding.parse(LoopbackPorts.HOST + ":" + port + ":" + port))
                .toArray(PortBinding[]::new);
        return new GenericContainer<>(image)
                // A server without a port needs a socket to stay for.
                .withCommand("--port", "0", "--unixsocket", "idle.sock")
                .withExposedPorts(ports.toArray(Integer[]::new))
                .withCreateContainerCmdModifier(create -> {
                    HostConfig config = create.getHostConfig();
                    if (config != null) {
                        config.withPortBindings(bindings);
                    }
                })
                .waitingFor(Wait.forLogMessage("(?i).*ready to accept connections.*", 1));
    }

    private static String version(DockerImageName image, String log) {
        Matcher said = VERSION.matcher(log);
        if (!said.find()) {
            throw new RedisClusterException("What " + image.asCanonicalNameString()
                    + " runs does not say its version as a Redis or Valkey does: " + log.strip());
        }
        if (Integer.parseInt(said.group(3)) < OLDEST_MAJOR) {
            throw new RedisClusterException("The server of " + image.asCanonicalNameString() + " is " + said.group(1)
                    + " " + said.group(2) + ", and sharded pub/sub came with Redis " + OLDEST_MAJOR + ".");
        }
        return said.group(1) + " " + said.group(2);
    }

    @Override
    public String version() {
        return version;
    }

    @Override
    public Map<String, String> configuration() {
        // Who comes through Docker's ports is no local client to the server.
        return Map.of("bind", "0.0.0.0", "enable-debug-command", "yes");
    }

    @Override
    public int freePort() {
        Integer port = ports.poll();
        if (port == null) {
            throw new RedisClusterException(
                    "All ports of this cluster are used up: the ports of containers are bound when it starts, "
                            + RedisClusterBuilder.SPARE_PORTS + " more than it has nodes then. Start another.");
        }
        return port;
    }

    @Override
    public ServerProcess create(int port, List<String> configuration) {
        return new ContainerProcess(image, "container:" + network.getContainerId(), configuration);
    }

    @Override
    public Path folder() {
        throw new UnsupportedOperationException("The servers run in containers and have no folder on this machine.");
    }

    @Override
    public void close() {
        network.stop();
    }

    @Override
    public String toString() {
        return "containers of " + image.asCanonicalNameString();
    }
}
