package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.Outcome;
import io.github.shardedpubsub.pipe.Pipe;
import io.github.shardedpubsub.pipe.PipeListener;
import io.github.shardedpubsub.pipe.PlainCommand;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;

/**
 * Subscriptions at a cluster in memory where nothing ever happens, in a time that goes on when it is told to: whatever they do then they do
 * for nothing. Only the subscriptions' own package can open them, which goes on here: on a class path it may.
 */
public final class QuietSubscriptions implements AutoCloseable {

    private static final List<NodeAddress> NODES = IntStream.rangeClosed(1, 3)
            .mapToObj(i -> new NodeAddress("127.0.0.1", 7_000 + i))
            .toList();

    private static final int SLOTS = 16_384;

    private static final String NODES_REPLY = clusterNodes();

    private final Time time = new Time();

    private final ShardSubscriptions subscriptions;

    /** Subscribes so many channels, with default settings. */
    public QuietSubscriptions(int channels) {
        this.subscriptions =
                new SlotFollowingSubscriptions(new QuietCluster(), SubscriptionSettings.DEFAULTS, this.time);
        this.subscriptions.subscribe(
                IntStream.range(0, channels)
                        .mapToObj(i -> ChannelName.of("channel-" + i))
                        .toList(),
                (channel, payload) -> {});
        pass();
        if (this.subscriptions.counts().getOrDefault(ChannelState.SUBSCRIBED, 0) != channels) {
            throw new IllegalStateException("Not all are subscribed: " + this.subscriptions.counts());
        }
    }

    /**
     * Lets the time between two audits go by.
     *
     * @return how many tasks were run
     */
    public int pass() {
        return this.time.advance(SubscriptionSettings.DEFAULTS.auditInterval());
    }

    @Override
    public void close() {
        this.time.stop();
    }

    private static int ownerOf(int slot) {
        return slot * NODES.size() / SLOTS;
    }

    private static String clusterNodes() {
        StringBuilder reply = new StringBuilder();
        for (int i = 0; i < NODES.size(); i++) {
            int node = i;
            int[] slots = IntStream.range(0, SLOTS)
                    .filter(slot -> ownerOf(slot) == node)
                    .toArray();
            NodeAddress address = NODES.get(i);
            reply.append(Integer.toString(i).repeat(40))
                    .append(' ')
                    .append(address)
                    .append("@1")
                    .append(address.port())
                    .append(" master - 0 0 ")
                    .append(i + 1)
                    .append(" connected ")
                    .append(slots[0])
                    .append('-')
                    .append(slots[slots.length - 1])
                    .append('\n');
        }
        return reply.toString();
    }

    private final class QuietCluster implements Cluster {

        @Override
        public NodeAddress ownerOf(int slot) {
            return NODES.get(QuietSubscriptions.ownerOf(slot));
        }

        @Override
        public Collection<NodeAddress> upstreams() {
            return NODES;
        }

        @Override
        public CompletionStage<?> refresh() {
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public void onChange(Runnable callback) {}

        @Override
        public Pipe open(NodeAddress node, PipeListener listener) {
            QuietSubscriptions.this.time.execute(listener::connected);
            return new QuietPipe(node);
        }

        @Override
        public void close() {}
    }

    /** Confirms everything. */
    private static final class QuietPipe implements Pipe {

        private final NodeAddress node;

        private int subscribed;

        QuietPipe(NodeAddress node) {
            this.node = node;
        }

        private static CompletableFuture<Outcome> confirmed() {
            return CompletableFuture.completedFuture(new Outcome.Confirmed());
        }

        @Override
        public CompletableFuture<Outcome> subscribe(List<ChannelName> channels) {
            this.subscribed += channels.size();
            return confirmed();
        }

        @Override
        public CompletableFuture<Outcome> unsubscribe(List<ChannelName> channels) {
            this.subscribed -= channels.size();
            return confirmed();
        }

        @Override
        public CompletableFuture<Outcome> subscribeAsking(List<ChannelName> channels) {
            return subscribe(channels);
        }

        @Override
        public CompletableFuture<Outcome> unsubscribeAsking(List<ChannelName> channels) {
            return unsubscribe(channels);
        }

        @Override
        public CompletableFuture<Outcome> subscribeClassic(ChannelName channel) {
            return confirmed();
        }

        @Override
        public CompletableFuture<Outcome> send(PlainCommand command) {
            String text = new String(command.words().get(1), StandardCharsets.US_ASCII);
            String reply = switch (text) {
                case "INFO" -> "id=1 ssub=" + this.subscribed + " multi=-1";
                case "NODES" ->
                    NODES_REPLY.replace(
                            this.node + "@1" + this.node.port() + " master",
                            this.node + "@1" + this.node.port() + " myself,master");
                case "MYSHARDID" -> "shard-" + this.node.port();
                default -> "0";
            };
            return CompletableFuture.completedFuture(new Outcome.Answered(reply));
        }

        @Override
        public CompletableFuture<Outcome> fence() {
            return confirmed();
        }

        @Override
        public void pauseReading() {}

        @Override
        public void resumeReading() {}

        @Override
        public boolean isConnected() {
            return true;
        }

        @Override
        public void reconnect(String reason) {
            throw new IllegalStateException("Nothing is wrong, but: " + reason);
        }

        @Override
        public CompletableFuture<Void> closeAsync() {
            return CompletableFuture.completedFuture(null);
        }
    }

    /** Goes on in {@link #advance} alone, on the thread that calls it. */
    private static final class Time implements Timeline {

        private record Task(long due, long order, Runnable work) implements Comparable<Task> {

            @Override
            public int compareTo(Task other) {
                return this.due != other.due
                        ? Long.compare(this.due, other.due)
                        : Long.compare(this.order, other.order);
            }
        }

        private final PriorityQueue<Task> tasks = new PriorityQueue<>();

        private long now = 1;

        private long order;

        int advance(Duration time) {
            long end = this.now + time.toNanos();
            int run = 0;
            for (Task next = this.tasks.peek(); next != null && next.due <= end; next = this.tasks.peek()) {
                this.tasks.remove();
                this.now = next.due;
                next.work.run();
                run++;
            }
            this.now = end;
            return run;
        }

        @Override
        public void execute(Runnable task) {
            schedule(Duration.ZERO, task);
        }

        @Override
        public void schedule(Duration delay, Runnable task) {
            this.tasks.add(new Task(this.now + delay.toNanos(), this.order++, task));
        }

        @Override
        public long nanoTime() {
            return this.now;
        }

        @Override
        public Instant now() {
            return Instant.EPOCH.plusNanos(this.now);
        }

        @Override
        public double random() {
            return 0.5;
        }

        @Override
        public void stop() {
            this.tasks.clear();
        }
    }
}
