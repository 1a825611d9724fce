package io.github.shardedpubsub.actuate;

import io.github.shardedpubsub.pipe.PubSubFence;
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
import org.jspecify.annotations.Nullable;
import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/**
 * {@code UP} while every wanted channel, but for a number that is tolerated, is confirmed or has been unconfirmed for no longer than a
 * patience, {@code DOWN} otherwise: a channel that is not confirmed receives nothing, whatever the reason.
 *
 * <p>It asks no server and looks at no confirmed channel, so that it costs the same for any number of them. A slot that moves leaves
 * its channels unconfirmed for milliseconds; without a patience such a moment would show as an outage.
 *
 * <p>Details: {@code channels}, how many are in each {@link ChannelState}; {@code patienceMillis}; and {@code unconfirmed}, the ten
 * channels that have waited longest, each with {@code channel}, {@code slot}, {@code state}, {@code since} and, as far as they are
 * known, {@code node}, {@code cause} of the interruption and {@code lastError}, absent where every channel is confirmed;
 * {@code undelivering}, nodes that did not deliver the last probe, which make it {@code DOWN}, absent where there are none;
 * {@code readingPausedSince}, nodes that are read no further since a listener that blocks has no room, and since when, which does
 * not change the state, absent where there are none; and {@code lettuce.fence}: how the fence of the application's own Lettuce
 * connections stands, which does not change the state. No list has more than ten.
 */
public class ShardedPubSubHealthIndicator extends AbstractHealthIndicator {

    /** A cluster that is gone leaves every channel unconfirmed, and a health check is no place for thousands of names. */
    private static final int NAMED = 10;

    private final ShardSubscriptions subscriptions;

    private final Duration patience;

    private final int tolerated;

    private final @Nullable PubSubFence fence;

    private final Clock clock;

    /**
     * Creates the indicator.
     *
     * @param patience how long a channel may be unconfirmed before the state is {@code DOWN}; zero for at once
     */
    public ShardedPubSubHealthIndicator(ShardSubscriptions subscriptions, Duration patience) {
        this(subscriptions, patience, 0, null);
    }

    /**
     * Creates the indicator.
     *
     * @param patience how long a channel may be unconfirmed before the state is {@code DOWN}; zero for at once
     * @param tolerated how many channels may be unconfirmed for longer without that, 0 or more
     * @param fence of the application's own Lettuce connections, null if it is switched off
     */
    public ShardedPubSubHealthIndicator(
            ShardSubscriptions subscriptions, Duration patience, int tolerated, @Nullable PubSubFence fence) {
        this(subscriptions, patience, tolerated, fence, Clock.systemUTC());
    }

    ShardedPubSubHealthIndicator(
            ShardSubscriptions subscriptions,
            Duration patience,
            int tolerated,
            @Nullable PubSubFence fence,
            Clock clock) {
        super("The state of the shard channel subscriptions could not be read");
        this.subscriptions = subscriptions;
        this.patience = patience;
        this.tolerated = tolerated;
        this.fence = fence;
        this.clock = clock;
    }

    @Override
    protected void doHealthCheck(Health.Builder builder) {
        List<ChannelStatus> unconfirmed = this.subscriptions.unconfirmed(Math.max(NAMED, this.tolerated + 1));
        List<NodeStatus> nodes = this.subscriptions.nodes();
        Map<String, String> undelivering = undelivering(nodes);
        if (unconfirmed.stream().filter(this::isOverdue).count() > this.tolerated || !undelivering.isEmpty()) {
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

    private boolean isOverdue(ChannelStatus channel) {
        Instant allowed = channel.since().plus(this.patience);
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
