package io.github.shardedpubsub.benchmark.client;

import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/**
 * A client under measurement: used as its users would use it for many channels, with a listener that counts. Each instance is connected
 * once, by one thread.
 */
public interface MeasuredClient extends AutoCloseable {

    /**
     * Connects, and makes the names of the channels what the client takes for names, so that neither counts as a part of subscribing.
     *
     * @param seeds the cluster's nodes, {@code host:port} each
     * @param received counts every message that a listener gets
     */
    void connect(List<String> seeds, List<String> channels, LongAdder received) throws Exception;

    /** Subscribes all channels. Returns when all are asked for, and no sooner than the client lets one go on. */
    void subscribe() throws Exception;

    /**
     * Publishes so many messages to the channels in turn, pipelined, and returns when all are answered.
     *
     * @throws UnsupportedOperationException if this client is not compared in publishing
     */
    default void publish(int messages, byte[] payload) throws Exception {
        throw new UnsupportedOperationException(getClass().getSimpleName() + " is not compared in publishing");
    }

    @Override
    void close() throws Exception;
}
