package io.github.shardedpubsub.actuate;

import io.github.shardedpubsub.pipe.PubSubFence;
import io.github.shardedpubsub.recovery.RecoveryStatus;
import io.github.shardedpubsub.recovery.ShardRecovery;
import io.github.shardedpubsub.recovery.ToldLoss;
import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.ChannelStatus;
import io.github.shardedpubsub.subscription.Interruption;
import io.github.shardedpubsub.subscription.NodeStatus;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/**
 * {@code UP} while every wanted channel, but for a number that is tolerated, is confirmed or has been unconfirmed for no longer than a
 * patience, {@code DOWN} otherwise: a channel that is not confirmed receives nothing, whatever the reason. Nor does one with a history that
 * a listener waits for and that cannot be read, which counts the same.
 *
 * <p>It asks no server and looks at no confirmed channel, so that it costs the same for any number of them. A slot that moves leaves
 * its channels unconfirmed for milliseconds; without a patience such a moment would show as an outage.
 *
 * <p>Details: {@code channels}, how many are in each {@link ChannelState}; {@code patienceMillis}; and {@code unconfirmed}, the ten
 * channels that have waited longest, each with {@code channel}, {@code slot}, {@code state}, {@code since} and, as far as they are
 * known, {@code node}, {@code cause} of the interruption and {@code lastError}, absent where every channel is confirmed;
 * {@code undelivering}, nodes that did not deliver the last probe, which make it {@code DOWN}, absent where there are none;
 * {@code readingPausedSince}, nodes that are read no further since a listener that blocks has no room, and since when, which does
 * not change the state, absent where there are none; {@code recovery}, absent where there is nothing to say: {@code behind}, how many
 * channels have a listener that waits for messages from the history, and {@code behindSince}, since when the longest of these has;
 * {@code unreadable}, those of them whose history could not be read, each with {@code channel}, {@code since} and {@code lastError};
 * and, for an hour, {@code losses}, how often a listener was told since the start that it cannot have some messages, with
 * {@code lastLoss}, the last time: {@code at}, {@code channel}, {@code cause}; and {@code lettuce.fence}: how the fence of the
 * application's own Lettuce connections stands, which does not change the state. No list has more than ten.
 */
public class ShardedPubSubHealthIndicator extends AbstractHealthIndicator {

    /** A cluster that is gone leaves every channel unconfirmed, and a health check is no place for thousands of names. */
    private static final int NAMED = 10;

    /** For how long a loss is worth being shown. */
    private static final Duration LATELY = Duration.ofHours(1);

    private final ShardSubscriptions subscriptions;

    private final Duration patience;

    private final int tolerated;

    private final @Nullable PubSubFence fence;

    private final @Nullable ShardRecovery recovery;

    private final Clock clock;

    /**
     * Creates the indicator.
     *
     * @param patience how long a channel may be unconfirmed before the state is {@code DOWN}; zero for at once
     */
    public ShardedPubSubHealthIndicator(ShardSubscriptions subscriptions, Duration patience) {
        this(subscriptions, patience, 0, null, null);
    }

    /**
     * Creates the indicator.
     *
     * @param patience how long a channel may be unconfirmed before the state is {@code DOWN}; zero for at once
     * @param tolerated how many channels may be unconfirmed for longer without that, 0 or more
     * @param fence of the application's own Lettuce connections, null if it is switched off
     * @param recovery of the listeners, null if no channel has a history
     */
    public ShardedPubSubHealthIndicator(
            ShardSubscriptions subscriptions,
            Duration patience,
            int tolerated,
            @Nullable PubSubFence fence,
            @Nullable ShardRecovery recovery) {
        this(subscriptions, patience, tolerated, fence, recovery, Clock.systemUTC());
    }

    ShardedPubSubHealthIndicator(
            ShardSubscriptions subscriptions,
            Duration patience,
            int tolerated,
            @Nullable PubSubFence fence,
            @Nullable ShardRecovery recovery,
            Clock clock) {
        super("The state of the shard channel subscriptions could not be read");
        this.subscriptions = subscriptions;
        this.patience = patience;
        this.tolerated = tolerated;
        this.fence = fence;
        this.recovery = recovery;
        this.clock = clock;
    }

    @Override
    protected void doHealthCheck(Health.Builder builder) {
        List<ChannelStatus> unconfirmed = this.subscriptions.unconfirmed(Math.max(NAMED, this.tolerated + 1));
        List<NodeStatus> nodes = this.subscriptions.nodes();
        Map<String, String> undelivering = undelivering(nodes);
        List<RecoveryStatus> behind = this.recovery != null ? this.recovery.behind() : List.of();
        List<RecoveryStatus> unreadable =
                behind.stream().filter(channel -> channel.lastError() != null).toList();
        long overdue = unconfirmed.stream()
                        .map(ChannelStatus::since)
                        .filter(this::isOverdue)
                        .count()
                + unreadable.stream()
                        .map(RecoveryStatus::behindSince)
                        .filter(since -> since != null && isOverdue(since))
                        .count();
        if (overdue > this.tolerated || !undelivering.isEmpty()) {
            builder.down();
        } else {
            builder.up();
        }
        builder.withDetail("channels", new EnumMap<>(this.subscriptions.counts()));
        builder.withDetail("patienceMillis", this.patience.toMillis());
        builder.withDetail("lettuce", lettuce(this.fence));
        if (!unconfirmed.isEmpty()) {
            builder.withDetail(
                    "unconfirmed",
                    unconfirmed.stream()
                            .limit(NAMED)
                            .map(ShardedPubSubHealthIndicator::details)
                            .toList());
        }
        if (!undelivering.isEmpty()) {
            builder.withDetail("undelivering", undelivering);
        }
        Map<String, Instant> unread = unread(nodes);
        if (!unread.isEmpty()) {
            builder.withDetail("readingPausedSince", unread);
        }
        Map<String, Object> recovering = recovering(behind, unreadable);
        if (!recovering.isEmpty()) {
            builder.withDetail("recovery", recovering);
        }
    }

    private Map<String, Object> recovering(List<RecoveryStatus> behind, List<RecoveryStatus> unreadable) {
        Map<String, Object> details = new LinkedHashMap<>();
        if (!behind.isEmpty()) {
            details.put("behind", behind.size());
            details.put("behindSince", Objects.requireNonNull(behind.get(0).behindSince()));
        }
        if (!unreadable.isEmpty()) {
            details.put(
                    "unreadable",
                    unreadable.stream()
                            .limit(NAMED)
                            .map(ShardedPubSubHealthIndicator::details)
                            .toList());
        }
        ToldLoss lastLoss = this.recovery != null
                ? this.recovery.lastLosses().stream().findFirst().orElse(null)
                : null;
        if (this.recovery != null
                && lastLoss != null
                && lastLoss.at().isAfter(this.clock.instant().minus(LATELY))) {
            details.put("losses", this.recovery.counts().losses());
            details.put(
                    "lastLoss",
                    Map.of(
                            "at",
                            lastLoss.at(),
                            "channel",
                            lastLoss.channel(),
                            "cause",
                            lastLoss.loss().cause()));
        }
        return details;
    }

    private static Map<String, Object> details(RecoveryStatus channel) {
        return Map.of(
                "channel",
                channel.channel(),
                "since",
                Objects.requireNonNull(channel.behindSince()),
                "lastError",
                Objects.requireNonNull(channel.lastError()));
    }

    /** Nodes whose connection stands and that have not delivered the last probe. */
    private static Map<String, String> undelivering(List<NodeStatus> nodes) {
        Map<String, String> undelivering = new LinkedHashMap<>();
        for (NodeStatus node : nodes) {
            if (undelivering.size() < NAMED && node.connected() && node.lastError() != null) {
                undelivering.put(node.address().toString(), node.lastError());
            }
        }
        return undelivering;
    }

    private static Map<String, Instant> unread(List<NodeStatus> nodes) {
        Map<String, Instant> unread = new LinkedHashMap<>();
        for (NodeStatus node : nodes) {
            Instant since = node.readingPausedSince();
            if (unread.size() < NAMED && since != null) {
                unread.put(node.address().toString(), since);
            }
        }
        return unread;
    }

    private static Map<String, Object> lettuce(@Nullable PubSubFence fence) {
        return Map.of("fence", fence != null ? fence.status().toString() : "off");
    }

    private boolean isOverdue(Instant since) {
        Instant allowed = since.plus(this.patience);
        return this.clock.instant().isAfter(allowed);
    }

    // a map and not a record: what is in the details of a health has no reflection hints in a native image
    private static Map<String, Object> details(ChannelStatus channel) {
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("channel", channel.channel());
        details.put("slot", channel.slot());
        details.put("state", channel.state());
        details.put("since", channel.since());
        if (channel.node() != null) {
            details.put("node", channel.node().toString());
        }
        Interruption interruption = channel.lastInterruption();
        if (interruption != null && interruption.duration() == null) {
            details.put("cause", interruption.cause());
        }
        if (channel.lastError() != null) {
            details.put("lastError", channel.lastError());
        }
        return details;
    }
}
