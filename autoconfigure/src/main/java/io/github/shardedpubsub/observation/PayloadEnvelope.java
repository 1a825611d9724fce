package io.github.shardedpubsub.observation;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How headers travel with a payload. A shard channel carries bytes and nothing beside them, so that a trace can go on at the other side
 * only within the payload. A bean of this type takes the place of {@link HeaderEnvelope}, where
 * {@code sharded-pubsub.observation.propagation} asks for one: for payloads that have room for headers themselves, or to leave some
 * channels alone.
 *
 * <p>Called by any thread; arrays are to be left unchanged.
 */
public interface PayloadEnvelope {

    /**
     * Puts headers and payload together.
     *
     * @param headers what a tracer gave to be sent along; empty without one
     * @return what is sent; the payload itself where the headers are to stay here
     */
    byte[] wrap(String channel, Map<String, String> headers, byte[] payload);

    /**
     * Takes apart what was received.
     *
     * @return null for a payload without headers, which the listener is given as it is
     */
    @Nullable
    Content unwrap(String channel, byte[] received);

    /**
     * What was in an envelope.
     *
     * @param headers without an order
     * @param payload what the listener is given
     */
    record Content(Map<String, String> headers, byte[] payload) {}
}
