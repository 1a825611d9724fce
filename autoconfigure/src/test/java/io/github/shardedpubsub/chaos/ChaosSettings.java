package io.github.shardedpubsub.chaos;

import io.github.shardedpubsub.pipe.PipeSettings;
import io.github.shardedpubsub.recovery.RecoverySettings;
import io.github.shardedpubsub.subscription.HandoverSettings;
import io.github.shardedpubsub.subscription.ResubscribeMode;
import io.github.shardedpubsub.subscription.SubscriptionSettings;
import java.time.Duration;
import java.util.List;

/**
 * How long and how hard, each to be set by a system property {@code chaos.…}.
 *
 * @param duration of the whole soak, {@code chaos.duration}; a last storm and its quiet phase are ended in order
 * @param storm how long faults happen before a quiet phase, {@code chaos.storm}
 * @param seed decides which faults are chosen in which order, {@code chaos.seed}; what they meet is up to the servers
 * @param channels how many shard channels are wanted, {@code chaos.channels}
 * @param rate messages a second over all channels, {@code chaos.rate}
 * @param histories how many channels there are besides that have a history, {@code chaos.histories}
 * @param replicas how many replicas their publisher waits for, {@code chaos.replicas}
 * @param lossless whether to leave out all that can take messages from histories, {@code chaos.lossless}
 */
record ChaosSettings(
        Duration duration,
        Duration storm,
        long seed,
        int channels,
        int rate,
        int histories,
        int replicas,
        boolean lossless) {

    static final Duration NODE_TIMEOUT = Duration.ofSeconds(2);

    /** From when the cluster itself is well, until every wanted channel is confirmed and delivers. */
    static final Duration RECOVERY = Duration.ofSeconds(10);

    static final SubscriptionSettings SUBSCRIPTIONS = new SubscriptionSettings(
            new PipeSettings(Duration.ofSeconds(2), Duration.ofSeconds(1)),
            Duration.ofMillis(10),
            Duration.ofSeconds(2),
            Duration.ofSeconds(2),
            Duration.ofSeconds(10),
            true,
            Duration.ofSeconds(3),
            HandoverSettings.DEFAULTS,
            Duration.ZERO,
            ResubscribeMode.FOLLOW);

    /** What a loaded machine may add to any time that is stated for a quiet one. */
    private static final Duration SLACK = Duration.ofMillis(1500);

    static ChaosSettings fromSystemProperties() {
        return new ChaosSettings(
                duration("chaos.duration", "PT20S"),
                duration("chaos.storm", "PT20S"),
                Long.getLong("chaos.seed", System.nanoTime()),
                Integer.getInteger("chaos.channels", 1_000),
                Integer.getInteger("chaos.rate", 2_000),
                Integer.getInteger("chaos.histories", 100),
                Integer.getInteger("chaos.replicas", 0),
                Boolean.getBoolean("chaos.lossless"));
    }

    private static Duration duration(String property, String otherwise) {
        return Duration.parse(System.getProperty(property, otherwise));
    }

    /**
     * Of the channels with a history: nothing is ever cut off, and pages and buffers are so small that they are too small in most
     * interruptions.
     */
    RecoverySettings recovery(String pattern) {
        return new RecoverySettings(
                List.of(pattern), 20_000, Duration.ofMinutes(10), 5, 4, 8, this.replicas, Duration.ofMillis(200));
    }

    /** So late a connection to a node that froze is given up: see {@link PipeSettings}. */
    static Duration noticesFrozenNode() {
        Duration heartbeatAndFence =
                SUBSCRIPTIONS.pipe().heartbeat().plus(SUBSCRIPTIONS.pipe().fenceTimeout());
        return heartbeatAndFence.multipliedBy(5).dividedBy(4).plus(SLACK);
    }

    /** So late the audit finds a subscription that ended without a word. */
    static Duration noticesSilentEnd() {
        return SUBSCRIPTIONS.auditInterval().plus(SLACK);
    }

    /** What repeats the choice of faults. */
    String replay() {
        return "-Dchaos.seed=" + this.seed + " -Dchaos.duration=" + this.duration + " -Dchaos.storm=" + this.storm
                + " -Dchaos.channels=" + this.channels + " -Dchaos.rate=" + this.rate + " -Dchaos.histories="
                + this.histories + " -Dchaos.replicas=" + this.replicas + " -Dchaos.lossless=" + this.lossless;
    }
}
