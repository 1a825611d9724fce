package io.github.shardedpubsub.subscription;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.sun.management.ThreadMXBean;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint.ChannelDescriptor;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint.SubscriptionsDescriptor;
import io.github.shardedpubsub.pipe.ChannelName;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Some of many channels. */
class ChannelPagesTests {

    private final Simulation simulation = new Simulation(5, 3);

    private void subscribed(String... channels) {
        this.simulation.cluster.topologyKnown();
        for (String channel : channels) {
            this.simulation.subscribed(channel);
        }
    }

    private List<String> names(ChannelQuery query) {
        return this.simulation.subscriptions.channels(query).channels().stream()
                .map(ChannelStatus::channel)
                .toList();
    }

    @Test
    void aPageIsOrderedByNameAndTellsHowManyThereAre() {
        subscribed("d", "a", "c", "e", "b");

        ChannelPage page = this.simulation.subscriptions.channels(new ChannelQuery(null, null, null, 1, 3));

        assertThat(page.matching()).isEqualTo(5);
        assertThat(page.channels()).extracting(ChannelStatus::channel).containsExactly("b", "c", "d");
        assertThat(page.channels())
                .allSatisfy(channel -> assertThat(channel).isEqualTo(this.simulation.status(channel.channel())));
    }

    @Test
    void theLastPageIsShortAndTheNextIsEmpty() {
        subscribed("a", "b", "c");

        assertThat(names(new ChannelQuery(null, null, null, 2, 2))).containsExactly("c");
        assertThat(names(new ChannelQuery(null, null, null, 4, 2))).isEmpty();
        assertThat(names(new ChannelQuery(null, null, null, Integer.MAX_VALUE, Integer.MAX_VALUE)))
                .isEmpty();
        assertThat(this.simulation.subscriptions.channels(ChannelQuery.all(0)))
                .isEqualTo(new ChannelPage(3, List.of()));
    }

    @Test
    void channelsCanBeAskedForByTheBeginningOfTheirNames() {
        subscribed("orders", "orders:eu", "order", "prices");

        assertThat(names(new ChannelQuery(null, null, ChannelName.of("orders"), 0, 10)))
                .containsExactly("orders", "orders:eu");
    }

    @Test
    void channelsCanBeAskedForByTheirNode() {
        subscribed("a", "b", "c", "d", "e", "f", "g", "h");
        NodeAddress node = this.simulation.owner("a").address;

        ChannelPage page = this.simulation.subscriptions.channels(new ChannelQuery(node, null, null, 0, 10));

        assertThat(page.channels()).extracting(ChannelStatus::channel).contains("a");
        assertThat(page.channels()).allMatch(channel -> node.equals(channel.node()));
        assertThat(page.matching())
                .isEqualTo((int) this.simulation.subscriptions.channels().stream()
                        .filter(channel -> node.equals(channel.node()))
                        .count())
                .isLessThan(8);
    }

    @Test
    void channelsCanBeAskedForByTheirState() {
        subscribed("a", "b");
        this.simulation.owner("c").refusesConnections = true;
        this.simulation.owner("c").loseConnections();
        this.simulation.claim("c");
        this.simulation.run(Duration.ofSeconds(1));

        assertThat(names(new ChannelQuery(null, ChannelState.WANTED, null, 0, 10)))
                .containsExactly("c");
        assertThat(names(new ChannelQuery(null, ChannelState.REFUSED, null, 0, 10)))
                .isEmpty();
    }

    @Test
    void aPageBeginsAndEndsSomewhere() {
        assertThatIllegalArgumentException().isThrownBy(() -> new ChannelQuery(null, null, null, -1, 10));
        assertThatIllegalArgumentException().isThrownBy(() -> new ChannelQuery(null, null, null, 0, -1));
    }

    /** What is seen of a hundred thousand channels costs what is seen, and not what there is. */
    @Test
    void theEndpointShowsAHundredOfAHundredThousandChannelsWithoutBuildingThemAll() {
        DrivenTimeline time = new DrivenTimeline(1);
        SlotFollowingSubscriptions subscriptions =
                new SlotFollowingSubscriptions(new SimulatedCluster(time, 3), Simulation.SETTINGS, time);
        List<ChannelName> names = IntStream.range(0, 100_000)
                .mapToObj(i -> ChannelName.of("orders:%05d".formatted(i)))
                .toList();
        var unused = subscriptions.subscribe(names, (name, payload) -> {});
        time.until(() -> subscriptions.counts().getOrDefault(ChannelState.WANTED, 0) == 100_000, Duration.ofSeconds(1));
        ShardedPubSubEndpoint endpoint = new ShardedPubSubEndpoint(subscriptions);

        SubscriptionsDescriptor shown = endpoint.subscriptions(null, null, null, null, null);
        assertThat(shown.page().matching()).isEqualTo(100_000);
        assertThat(shown.channels())
                .extracting(ChannelDescriptor::channel)
                .containsExactlyElementsOf(names.subList(0, 100).stream()
                        .map(ChannelName::toString)
                        .toList());
        assertThat(allocated(() -> endpoint.subscriptions(null, null, null, null, null)))
                .as("bytes for a page")
                .isLessThan(200_000);
        assertThat(allocated(() -> endpoint.subscriptions(null, null, "orders:99", null, 1000)))
                .as("bytes for the largest page")
                .isLessThan(2_000_000);
        assertThat(allocated(subscriptions::channels)).as("bytes for all").isGreaterThan(10_000_000);
    }

    private static long allocated(Supplier<?> action) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
        assertThat(action.get()).isNotNull();
        return threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
    }
}
