package io.github.shardedpubsub.benchmark.client;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What the sockets and the protocol cost: one connection and one reading thread a node, warm from the beginning. It copies each payload into an
 * array of its own and counts it; it does not ask for which channel it is. What a server ends it asks for again at once at the same node,
 * follows the redirect, and opens lost connections anew, without any patience. It notices no other fault.
 */
final class RawClient implements MeasuredClient {

    private static final int PUBLISHED_AT_ONCE = 4_096;

    private static final int SMESSAGE = 8;

    private static final int SSUBSCRIBE = 10;

    private final Map<String, Node> nodes = new ConcurrentHashMap<>();

    private Map<String, List<String>> channels = Map.of();

    private LongAdder received = new LongAdder();

    private volatile boolean closed;

    @Override
    public void connect(List<String> seeds, List<String> channels, LongAdder received) throws IOException {
        this.received = received;
        this.channels = SlotTable.ask(seeds.get(0)).byNode(channels);
        for (String seed : seeds) {
            this.nodes.put(seed, new Node(seed));
        }
    }

    @Override
    public void subscribe() throws IOException {
        for (Map.Entry<String, List<String>> node : this.channels.entrySet()) {
            node(node.getKey()).subscribe(SlotTable.bySlot(node.getValue()));
        }
    }

    private Node node(String address) throws IOException {
        Node node = this.nodes.get(address);
        if (node == null) {
            node = new Node(address);
            this.nodes.put(address, node);
        }
        return node;
    }

    @Override
    public void publish(int messages, byte[] payload) throws Exception {
        LoadGenerator load = LoadGenerator.plain(this.channels, payload, PUBLISHED_AT_ONCE);
        try (load) {
            load.publish(messages);
        }
    }

    @Override
    public void close() {
        this.closed = true;
        this.nodes.values().forEach(node -> node.connection.close());
    }

    private final class Node implements Runnable {

        private final String address;

        private volatile RawConnection connection;

        /** Asked for, and neither refused nor confirmed whole; with how many confirmations are due for the first. Guarded by this. */
        private final Deque<List<String>> asked = new ArrayDeque<>();

        private int confirmed;

        /** Held here. Guarded by this. */
        private final List<List<String>> held = new ArrayList<>();

        private final List<String> ended = new ArrayList<>();

        Node(String address) throws IOException {
            this.address = address;
            this.connection = new RawConnection(address);
            Thread thread = new Thread(this, "raw-" + address);
            thread.setDaemon(true);
            thread.start();
        }

        synchronized void subscribe(List<List<String>> slots) throws IOException {
            ByteArrayOutputStream commands = new ByteArrayOutputStream();
            for (List<String> slot : slots) {
                List<String> words = new ArrayList<>(slot.size() + 1);
                words.add("SSUBSCRIBE");
                words.addAll(slot);
                commands.write(RawConnection.command(words));
                this.asked.add(slot);
            }
            this.connection.write(commands.toByteArray());
        }

        @Override
        public void run() {
            while (!RawClient.this.closed) {
                try {
                    while (true) {
                        readFrame();
                        if (!this.ended.isEmpty() && !this.connection.hasMore()) {
                            askAgain();
                        }
                    }
                } catch (IOException lost) {
                    reopen();
                }
            }
        }

        private void readFrame() throws IOException {
            RawConnection connection = this.connection;
            if (connection.peek() != '*') {
                refused(connection.read());
                return;
            }
            connection.next();
            connection.number();
            int verb = connection.bulkLength();
            if (verb == SMESSAGE) {
                connection.skipBulk(verb);
                connection.skipBulk(connection.bulkLength());
                message(connection.bulk(connection.bulkLength()));
            } else {
                connection.skipBulk(verb);
                Object channel = connection.read();
                connection.read();
                if (verb == SSUBSCRIBE) {
                    confirmed();
                } else {
                    this.ended.add(String.valueOf(channel));
                }
            }
        }

        private void message(byte[] payload) {
            if (payload.length > 0) {
                RawClient.this.received.increment();
            }
        }

        private synchronized void confirmed() {
            if (++this.confirmed == this.asked.element().size()) {
                this.confirmed = 0;
                this.held.add(this.asked.remove());
            }
        }

        /** {@code -MOVED slot host:port}. */
        private void refused(@Nullable Object reply) throws IOException {
            List<String> slot;
            synchronized (this) {
                slot = this.asked.remove();
            }
            if (!(reply instanceof RawConnection.ErrorReply error)
                    || !error.text().startsWith("MOVED ")) {
                throw new IOException("unexpected: " + reply);
            }
            node(error.text().substring(error.text().lastIndexOf(' ') + 1)).subscribe(List.of(slot));
        }

        private void askAgain() throws IOException {
            List<List<String>> slots = SlotTable.bySlot(this.ended);
            this.ended.clear();
            synchronized (this) {
                this.held.removeIf(slot -> slots.stream().anyMatch(gone -> gone.contains(slot.get(0))));
            }
            subscribe(slots);
        }

        private void reopen() {
            while (!RawClient.this.closed) {
                try {
                    synchronized (this) {
                        this.connection.close();
                        this.connection = new RawConnection(this.address);
                        List<List<String>> again = new ArrayList<>(this.held);
                        again.addAll(this.asked);
                        this.held.clear();
                        this.asked.clear();
                        this.confirmed = 0;
                        subscribe(again);
                    }
                    return;
                } catch (IOException notYet) {
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
                }
            }
        }
    }
}
