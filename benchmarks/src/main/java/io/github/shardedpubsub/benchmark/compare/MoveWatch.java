package io.github.shardedpubsub.benchmark.compare;

import io.github.shardedpubsub.benchmark.client.RawConnection;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Sees a slot's move from outside, for any client: a subscriber of its own gets the old owner's {@code sunsubscribe} when the client does, and
 * {@code MONITOR} shows the commands that the new owner has carried out. Both are read the same way, by threads that wait for them.
 */
final class MoveWatch implements AutoCloseable {

    private final Map<String, Node> nodes = new HashMap<>();

    private final List<String> channels;

    private @Nullable Node source;

    private @Nullable Node target;

    /** Something seen, and when. */
    private record Seen(long nanoTime, String what) {}

    MoveWatch(List<String> addresses, List<String> channels) throws IOException {
        this.channels = channels;
        for (String address : addresses) {
            this.nodes.put(address, new Node(address));
        }
    }

    /** To be called before a move. */
    void begin(String source, String target) throws IOException, InterruptedException {
        Node from = node(source);
        Node to = node(target);
        from.pushes.clear();
        from.subscriber.write(RawConnection.command(List.of("SSUBSCRIBE", this.channels.get(0))));
        from.await("ssubscribe");
        to.commands.clear();
        this.source = from;
        this.target = to;
    }

    private Node node(String address) {
        Node node = this.nodes.get(address);
        if (node == null) {
            throw new IllegalStateException(address + " is not watched");
        }
        return node;
    }

    /**
     * The time from the ending to the last channel's subscribing, in nanoseconds: 0 if all had been subscribed before.
     *
     * @throws MeasurementException if they were not within the limit
     */
    long awaitSubscribed(Duration limit) throws InterruptedException {
        Node from = this.source;
        Node to = this.target;
        if (from == null || to == null) {
            throw new IllegalStateException("Nothing has begun");
        }
        long ended = from.await("sunsubscribe").nanoTime();
        Set<String> missing = new HashSet<>(this.channels);
        long last = ended;
        while (!missing.isEmpty()) {
            long left = ended + limit.toNanos() - System.nanoTime();
            Seen seen = to.commands.poll(left, TimeUnit.NANOSECONDS);
            if (seen == null) {
                throw new MeasurementException("never within " + limit.toSeconds() + " s (" + missing.size() + " of "
                        + this.channels.size() + " channels)");
            }
            // 1700000000.123456 [0 127.0.0.1:12345] "SSUBSCRIBE" "channel" "another"
            String[] words = seen.what().split("\"");
            for (int i = 3; i < words.length; i += 2) {
                missing.remove(words[i]);
            }
            last = Math.max(last, seen.nanoTime());
        }
        return last - ended;
    }

    @Override
    public void close() {
        this.nodes.values().forEach(Node::close);
    }

    private static final class Node {

        private final RawConnection subscriber;

        private final RawConnection monitor;

        private final BlockingQueue<Seen> pushes = new LinkedBlockingQueue<>();

        private final BlockingQueue<Seen> commands = new LinkedBlockingQueue<>();

        Node(String address) throws IOException {
            this.subscriber = new RawConnection(address);
            this.monitor = new RawConnection(address);
            this.monitor.call("MONITOR");
            read(this.subscriber, "watch-subscriber", this::pushed);
            read(this.monitor, "watch-monitor", this::monitored);
        }

        private static void read(RawConnection connection, String name, Consumer<Object> reader) {
            Thread thread = new Thread(
                    () -> {
                        try {
                            while (true) {
                                Object reply = connection.read();
                                if (reply != null) {
                                    reader.accept(reply);
                                }
                            }
                        } catch (IOException closed) {
                            // the measurement is over, or will time out
                        }
                    },
                    name);
            thread.setDaemon(true);
            thread.start();
        }

        private void pushed(Object push) {
            if (push instanceof List<?> elements) {
                this.pushes.add(new Seen(System.nanoTime(), String.valueOf(elements.get(0))));
            }
        }

        private void monitored(Object line) {
            if (line instanceof String command
                    && command.toLowerCase(Locale.ROOT).contains("\"ssubscribe\"")) {
                this.commands.add(new Seen(System.nanoTime(), command));
            }
        }

        Seen await(String push) throws InterruptedException {
            while (true) {
                Seen seen = this.pushes.poll(10, TimeUnit.SECONDS);
                if (seen == null) {
                    throw new IllegalStateException("No " + push + " within 10 s");
                }
                if (seen.what().equals(push)) {
                    return seen;
                }
            }
        }

        void close() {
            this.subscriber.close();
            this.monitor.close();
        }
    }
}
