package io.github.shardedpubsub.pipe;

import java.time.Duration;

/**
 * How long a pipe waits for the server.
 *
 * @param fenceTimeout how long a unit may wait for its fence while nothing at all is received; then the connection is closed. A
 *     fence behind many messages is late, but not lost. Positive.
 * @param heartbeat how long nothing may be received before a PING asks whether the server is there; zero never asks. With both, a
 *     node that froze is noticed within {@code 1.25 * (heartbeat + fenceTimeout)}.
 */
public record PipeSettings(Duration fenceTimeout, Duration heartbeat) {

    /** Five seconds for a fence, and a heartbeat after five silent seconds. */
    public static final PipeSettings DEFAULTS = new PipeSettings(Duration.ofSeconds(5), Duration.ofSeconds(5));

    public PipeSettings {
        if (fenceTimeout.isNegative() || fenceTimeout.isZero()) {
            throw new IllegalArgumentException("fenceTimeout must be positive, but is " + fenceTimeout);
        }
        if (heartbeat.isNegative()) {
            throw new IllegalArgumentException("heartbeat must not be negative, but is " + heartbeat);
        }
    }
}
