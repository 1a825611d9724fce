package io.github.shardedpubsub.pipe;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisURI;
import io.lettuce.core.resource.ClientResources;

/**
 * Opens pipes with the resources and options of an application's Lettuce client, so that TLS, timeouts, tracing and latency
 * metrics are those of the application. The protocol is RESP3 in every case: a pipe needs its pushes.
 */
public final class PipeConnector {

    private final ClientResources resources;

    private final ClientOptions options;

    private final PipeSettings settings;

    /**
     * Creates a connector.
     *
     * @param resources shared with the application, and never shut down from here
     */
    public PipeConnector(ClientResources resources, ClientOptions options, PipeSettings settings) {
        this.resources = resources;
        this.options = options;
        this.settings = settings;
    }

    /**
     * Begins to open a pipe and returns at once; the listener is told how it went. What is sent before it is connected has an
     * unknown outcome.
     *
     * @param uri the node's address with credentials, TLS and client name
     */
    public Pipe open(RedisURI uri, PipeListener listener) {
        LettucePipe pipe = new LettucePipe(this.resources, this.options, uri, this.settings, listener);
        pipe.open(uri);
        return pipe;
    }
}
