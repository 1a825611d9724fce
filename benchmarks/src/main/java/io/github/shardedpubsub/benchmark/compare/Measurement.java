package io.github.shardedpubsub.benchmark.compare;

import io.github.shardedpubsub.benchmark.client.ClientKind;

/** How a scenario is measured, of one client in one round. */
interface Measurement {

    /** What the results are called. */
    String title(Options options);

    /** What is measured first of all, where a failure is noted. */
    String measure();

    /** Whether there is anything to be measured of a client. */
    default boolean concerns(ClientKind kind) {
        return !kind.recovers();
    }

    /**
     * Measures with a new process.
     *
     * @throws MeasurementException if the client does not do what it should; it is noted, and the client is not asked again
     */
    void measure(ClientKind kind, Run run) throws Exception;
}
