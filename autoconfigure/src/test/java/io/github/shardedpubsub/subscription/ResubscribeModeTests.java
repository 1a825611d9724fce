package io.github.shardedpubsub.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** An application that decides itself when an interrupted channel is subscribed again. */
class ResubscribeModeTests {

    private static final Duration LONG = Duration.ofMinutes(1);

    private final Simulation simulation =
            new Simulation(1, 2, Simulation.SETTINGS.withResubscribe(ResubscribeMode.NOTIFY));

    private void moveSlotOf(String channel) {
        this.simulation.cluster.move(
                this.simulation.slot(channel), this.simulation.cluster.other(this.simulation.owner(channel)));
    }

    @Test
    void nothingGoesAheadOfTheApplicationWhateverIsSetLater() {
        SubscriptionSettings settings = SubscriptionSettings.DEFAULTS.withResubscribe(ResubscribeMode.NOTIFY);
        assertThat(settings.withHandover(HandoverSettings.DEFAULTS).handover()).isEqualTo(HandoverSettings.OFF);
    }

    @Test
    void aChannelWhoseSlotHasMovedIsLeftToTheApplication() {
        this.simulation.subscribed("a");
        this.simulation.subscribed("b");
        moveSlotOf("a");
        this.simulation.run(LONG);
        assertThat(this.simulation.state("a")).isEqualTo(ChannelState.INTERRUPTED);
        assertThat(this.simulation.state("b")).isEqualTo(ChannelState.SUBSCRIBED);
        assertThat(this.simulation.owner("a").holds(Simulation.channel("a"))).isFalse();

        this.simulation.subscriptions.resubscribe(Simulation.channel("a"));
        this.simulation.until(() -> this.simulation.state("a") == ChannelState.SUBSCRIBED);
        assertThat(this.simulation.owner("a").holds(Simulation.channel("a"))).isTrue();
    }

    @Test
    void channelsOfALostConnectionComeBackWhenAllAreAskedFor() {
        this.simulation.subscribed("{a}1");
        this.simulation.subscribed("{a}2");
        this.simulation.owner("{a}1").loseConnections();
        this.simulation.run(LONG);
        assertThat(this.simulation.state("{a}1")).isEqualTo(ChannelState.INTERRUPTED);

        this.simulation.subscriptions.resubscribe(null);
        this.simulation.until(() -> this.simulation.state("{a}1") == ChannelState.SUBSCRIBED
                && this.simulation.state("{a}2") == ChannelState.SUBSCRIBED);
    }

    @Test
    void whoClaimsAnInterruptedChannelWantsItSubscribed() {
        this.simulation.subscribed("a");
        moveSlotOf("a");
        this.simulation.run(LONG);

        ShardSubscription another = this.simulation.claim("a");

        this.simulation.until(() -> another.confirmed().isDone());
        assertThat(this.simulation.state("a")).isEqualTo(ChannelState.SUBSCRIBED);
    }

    @Test
    void aFailedAttemptThatTheApplicationAskedForIsRepeated() {
        this.simulation.subscribed("a");
        moveSlotOf("a");
        this.simulation.run(LONG);
        this.simulation.owner("a").error = "CLUSTERDOWN Hash slot not served";
        this.simulation.subscriptions.resubscribe(Simulation.channel("a"));
        this.simulation.run(LONG);
        assertThat(this.simulation.state("a")).isEqualTo(ChannelState.INTERRUPTED);

        this.simulation.owner("a").error = null;
        this.simulation.until(() -> this.simulation.state("a") == ChannelState.SUBSCRIBED);
    }
}
