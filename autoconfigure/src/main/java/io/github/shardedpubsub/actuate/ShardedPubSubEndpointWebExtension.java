package io.github.shardedpubsub.actuate;

import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint.ListenerDescriptor;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint.NodeDescriptor;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.OperationResponseBody;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.EndpointWebExtension;

/**
 * What the endpoint does to nodes and listeners, over HTTP: {@code POST …/shardedpubsub/reconnect/10.0.0.1:6379},
 * {@code …/pause/orders}, {@code …/resume/orders}. An unknown node or listener is "not found", a listener that is stopped "conflict",
 * and the reason is in the body.
 */
@EndpointWebExtension(endpoint = ShardedPubSubEndpoint.class)
public class ShardedPubSubEndpointWebExtension {

    private static final int CONFLICT = 409;

    private final ShardedPubSubEndpoint endpoint;

    /**
     * Creates the extension.
     */
    public ShardedPubSubEndpointWebExtension(ShardedPubSubEndpoint endpoint) {
        this.endpoint = endpoint;
    }

    /**
     * Does something to a node or a listener.
     *
     * @param action what
     * @param name the node, {@code host:port}, or the listener's id
     */
    @WriteOperation
    public WebEndpointResponse<ActionDescriptor> act(@Selector Action action, @Selector String name) {
        try {
            return new WebEndpointResponse<>(
                    switch (action) {
                        case RECONNECT -> new ActionDescriptor(this.endpoint.reconnect(name), null, null);
                        case PAUSE -> new ActionDescriptor(null, this.endpoint.pause(name), null);
                        case RESUME -> new ActionDescriptor(null, this.endpoint.resume(name), null);
                    });
        } catch (IllegalArgumentException ex) {
            return failed(ex, WebEndpointResponse.STATUS_NOT_FOUND);
        } catch (IllegalStateException ex) {
            return failed(ex, CONFLICT);
        }
    }

    private static WebEndpointResponse<ActionDescriptor> failed(RuntimeException cause, int status) {
        return new WebEndpointResponse<>(new ActionDescriptor(null, null, cause.getMessage()), status);
    }

    /**
     * What can be done, in lower case in a path.
     */
    public enum Action {

        /** {@link ShardedPubSubEndpoint#reconnect(String)}. */
        RECONNECT,

        /** {@link ShardedPubSubEndpoint#pause(String)}. */
        PAUSE,

        /** {@link ShardedPubSubEndpoint#resume(String)}. */
        RESUME
    }

    /**
     * What became of it: one of the three is there.
     *
     * @param node how the connection stood when it was told to be opened anew
     * @param listener how it stands
     * @param error why nothing was done
     */
    public record ActionDescriptor(
            @Nullable NodeDescriptor node,
            @Nullable ListenerDescriptor listener,
            @Nullable String error) implements OperationResponseBody {}
}
