package io.github.shardedpubsub.recovery;

import java.time.Duration;
import java.util.List;
import org.springframework.util.PatternMatchUtils;

/**
 * Which channels have a history, how long that is, and how it is read.
 *
 * @param channels names of channels, in which {@code *} stands for anything; those that match have a history
 * @param length how many messages a history keeps at least, if they are not older than it keeps any
 * @param expiry how long a history is kept after its last message
 * @param pageSize how many messages are read at once
 * @param bufferCapacity how many live messages of a channel wait for one listener while what was before them is read; what is beyond is
 *     read, too
 * @param concurrency how many histories are read at the same time
 * @param replicas how many replicas have to confirm a message before its publisher is told that it is published; 0 for none
 * @param replicaTimeout how long they are waited for
 */
public record RecoverySettings(
        List<String> channels,
        int length,
        Duration expiry,
        int pageSize,
        int bufferCapacity,
        int concurrency,
        int replicas,
        Duration replicaTimeout) {

    private static final Duration SHORTEST_EXPIRY = Duration.ofSeconds(2);

    /** No channel; 1000 messages, 10 minutes, pages of 100, 256 waiting, 16 at the same time; no replica, 1 second. */
    public static final RecoverySettings DEFAULTS =
            new RecoverySettings(List.of(), 1000, Duration.ofMinutes(10), 100, 256, 16, 0, Duration.ofSeconds(1));

    public RecoverySettings {
        channels = List.copyOf(channels);
        requirePositive("length", length);
        requirePositive("pageSize", pageSize);
        requirePositive("bufferCapacity", bufferCapacity);
        requirePositive("concurrency", concurrency);
        if (replicas < 0) {
            throw new IllegalArgumentException("replicas must not be negative, but is " + replicas);
        }
        // WAIT takes zero for ever
        if (replicaTimeout.toMillis() < 1) {
            throw new IllegalArgumentException(
                    "replicaTimeout must be a millisecond or longer, but is " + replicaTimeout);
        }
        if (expiry.compareTo(SHORTEST_EXPIRY) < 0) {
            throw new IllegalArgumentException("expiry must be 2 seconds or longer, but is " + expiry);
        }
    }

    private static void requirePositive(String name, int number) {
        if (number < 1) {
            throw new IllegalArgumentException(name + " must be positive, but is " + number);
        }
    }

    /** The same for other channels. */
    public RecoverySettings withChannels(List<String> channels) {
        return with(channels, this.length, this.expiry, this.concurrency, this.replicas, this.replicaTimeout);
    }

    /** The same with histories of another length. */
    public RecoverySettings withLength(int length) {
        return with(this.channels, length, this.expiry, this.concurrency, this.replicas, this.replicaTimeout);
    }

    /** The same with histories that are kept for another time. */
    public RecoverySettings withExpiry(Duration expiry) {
        return with(this.channels, this.length, expiry, this.concurrency, this.replicas, this.replicaTimeout);
    }

    /** The same with another number of histories that are read at the same time. */
    public RecoverySettings withConcurrency(int concurrency) {
        return with(this.channels, this.length, this.expiry, concurrency, this.replicas, this.replicaTimeout);
    }

    /** The same with another wait for replicas. */
    public RecoverySettings withReplicas(int replicas, Duration timeout) {
        return with(this.channels, this.length, this.expiry, this.concurrency, replicas, timeout);
    }

    private RecoverySettings with(
            List<String> channels,
            int length,
            Duration expiry,
            int concurrency,
            int replicas,
            Duration replicaTimeout) {
        return new RecoverySettings(
                channels, length, expiry, this.pageSize, this.bufferCapacity, concurrency, replicas, replicaTimeout);
    }

    /**
     * Whether a channel is one of {@link #channels()}.
     */
    public boolean matches(String channel) {
        for (String pattern : this.channels) {
            if (PatternMatchUtils.simpleMatch(pattern, channel)) {
                return true;
            }
        }
        return false;
    }
}
