package io.github.shardedpubsub.test;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.exception.DockerException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.startupcheck.StartupCheckStrategy;
import org.testcontainers.containers.wait.strategy.AbstractWaitStrategy;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.utility.DockerImageName;

/**
 * A server in a container of its own.
 */
final class ContainerProcess implements ServerProcess {

    private static final String CONFIGURATION = "/redis.conf";

    private final GenericContainer<?> container;
    private final DockerClient docker;
    private boolean retired;

    /**
     * @param networkMode as Docker has it, such as {@code container:id}
     */
    ContainerProcess(DockerImageName image, String networkMode, List<String> configuration) {
        container = new GenericContainer<>(image)
                .withNetworkMode(networkMode)
                .withCopyToContainer(Transferable.of(String.join("\n", configuration) + "\n"), CONFIGURATION)
                .withCommand(CONFIGURATION)
                .withStartupCheckStrategy(new Unchecked())
                .waitingFor(new Unawaited());
        docker = container.getDockerClient();
    }

    @Override
    public synchronized void start() {
        if (retired) {
            throw ServerProcess.retired();
        }
        if (isAlive()) {
            return;
        }
        try {
            if (container.getContainerId() == null) {
                container.start();
            } else {
                docker.startContainerCmd(container.getContainerId()).exec();
            }
        } catch (RuntimeException failed) {
            throw new RedisClusterException("A container cannot be started: " + failed.getMessage() + ".", failed);
        }
    }

    @Override
    public boolean isAlive() {
        InspectContainerResponse.ContainerState state = state();
        return state != null && Boolean.TRUE.equals(state.getRunning());
    }

    @Override
    public boolean isFrozen() {
        InspectContainerResponse.ContainerState state = state();
        return state != null && Boolean.TRUE.equals(state.getPaused());
    }

    @Override
    public long pid() {
        InspectContainerResponse.ContainerState state = state();
        Long pid = state == null ? null : state.getPidLong();
        return pid == null || pid == 0 ? -1 : pid;
    }

    @Override
    public String end() {
        InspectContainerResponse.ContainerState state = state();
        if (state == null) {
            return "has no container, or none any more";
        }
        return Boolean.TRUE.equals(state.getRunning()) ? "runs" : "ended with exit code " + state.getExitCodeLong();
    }

    @Override
    public synchronized void kill() {
        if (isAlive()) {
            docker.killContainerCmd(container.getContainerId()).exec();
        }
    }

    @Override
    public synchronized void retire() {
        retired = true;
        container.stop();
    }

    @Override
    public synchronized void freeze() {
        requireAlive();
        if (!isFrozen()) {
            docker.pauseContainerCmd(container.getContainerId()).exec();
        }
    }

    @Override
    public synchronized void thaw() {
        requireAlive();
        if (isFrozen()) {
            docker.unpauseContainerCmd(container.getContainerId()).exec();
        }
    }

    private void requireAlive() {
        if (!isAlive()) {
            throw ServerProcess.notRunning(this);
        }
    }

    @Override
    public String logTail(int lines) {
        if (container.getContainerId() == null) {
            return "";
        }
        try {
            List<String> all = container.getLogs().lines().toList();
            return ServerProcess.tail(all, lines);
        } catch (DockerException removed) {
            return "";
        }
    }

    /** What Docker says of the container, or null where there is none. */
    private InspectContainerResponse.@Nullable ContainerState state() {
        String id = container.getContainerId();
        if (id == null) {
            return null;
        }
        try {
            return docker.inspectContainerCmd(id).exec().getState();
        } catch (DockerException removed) {
            return null;
        }
    }

    /** Whether a server runs, and answers, is asked by its cluster, which can say more about one that does not. */
    private static final class Unchecked extends StartupCheckStrategy {

        @Override
        public boolean waitUntilStartupSuccessful(GenericContainer<?> container) {
            return true;
        }

        @Override
        public StartupStatus checkStartupState(DockerClient docker, String containerId) {
            return StartupStatus.SUCCESSFUL;
        }
    }

    private static final class Unawaited extends AbstractWaitStrategy {

        @Override
        protected void waitUntilReady() {}
    }
}
