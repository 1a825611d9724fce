package io.github.shardedpubsub.actuate;

import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint.ListenerDescriptor;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint.NodeDescriptor;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.jmx.annotation.EndpointJmxExtension;
import org.springframework.jmx.export.annotation.ManagedOperation;
import org.springframework.jmx.export.annotation.ManagedOperationParameter;

/**
 * What the endpoint does to nodes and listeners, over JMX: an operation each.
 */
@EndpointJmxExtension(endpoint = ShardedPubSubEndpoint.class)
public class ShardedPubSubEndpointJmxExtension {

    private final ShardedPubSubEndpoint endpoint;

    /**
     * Creates the extension.
     */
    public ShardedPubSubEndpointJmxExtension(ShardedPubSubEndpoint endpoint) {
        this.endpoint = endpoint;
    }

    /**
     * Has our connection to a node opened anew.
     *
     * @see ShardedPubSubEndpoint#reconnect(String)
     */
    @WriteOperation
    @ManagedOperation(description = "Closes the connection to a node and opens it anew; its channels are interrupted")
    @ManagedOperationParameter(name = "node", description = "the node, host:port")
    public NodeDescriptor reconnect(String node) {
        return this.endpoint.reconnect(node);
    }

    /**
     * Lets a listener have no further message.
     *
     * @see ShardedPubSubEndpoint#pause(String)
     */
    @WriteOperation
    @ManagedOperation(description = "Lets a listener have no further message until it is resumed")
    @ManagedOperationParameter(name = "listener", description = "the listener's id")
    public ListenerDescriptor pause(String listener) {
        return this.endpoint.pause(listener);
    }

    /**
     * Lets a paused listener go on.
     *
     * @see ShardedPubSubEndpoint#resume(String)
     */
    @WriteOperation
    @ManagedOperation(description = "Lets a paused listener go on, with what waits first")
    @ManagedOperationParameter(name = "listener", description = "the listener's id")
    public ListenerDescriptor resume(String listener) {
        return this.endpoint.resume(listener);
    }
}
