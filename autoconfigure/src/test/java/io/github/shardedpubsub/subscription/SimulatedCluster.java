package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.Outcome;
import io.github.shardedpubsub.pipe.Pipe;
import io.github.shardedpubsub.pipe.PipeListener;
import io.github.shardedpubsub.pipe.PlainCommand;
import io.github.shardedpubsub.pipe.ReplyError;
import io.lettuce.core.cluster.SlotHash;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A cluster in virtual time. Each node answers by what it believes of the slots, which need not be so; each request, reply and
 * push is an event with a random delay, in the order of its connection.
 */
final class SimulatedCluster implements Cluster {

    private static final Duration RECONNECT = Duration.ofMillis(5);

    final List<Node> nodes = new ArrayList<>();

    /** Every unit that was sent, in order. */
    final List<Unit> units = new ArrayList<>();

    /** How many connections were asked for. */
    int opened;

    int refreshes;

    /** How many commands were sent that have nothing to do with subscribing. */
    int plainCommands;

    /** Lettuce throws where it cannot even begin to connect. */
    boolean openThrows;

    boolean refreshThrows;

    boolean refreshFails;

    /** How many of a hundred units have an outcome that nobody can tell. */
    int unknownPercent;

    /** The thread that asked is held up between asking and looking for the answer, while the event loop goes on. */
    boolean confirmationsComeLate;

    /** How long a message takes from one node to another. */
    Duration busDelay = Duration.ofMillis(1);

    Duration shortestDelay = Duration.ofNanos(50_000);

    Duration longestDelay = Duration.ofMillis(2);

    private final DrivenTimeline time;

    private final @Nullable Node[] owners = new Node[SlotHash.SLOT_COUNT];

    private @Nullable Node @Nullable [] known;

    private Runnable onChange = () -> {};

    private boolean closed;

    private int number;

    private int configEpoch = 1;

    /** As the servers do from Redis 8 and Valkey 8 on: who subscribed early, through ASKING, is ended at the cut-over. */
    boolean endsEarlySubscriptionsAtCutOver;

    record Unit(long atNanos, Node node, boolean subscribe, boolean asking, List<ChannelName> channels) {}

    SimulatedCluster(DrivenTimeline time, int nodes) {
        this.time = time;
        for (int i = 0; i < nodes; i++) {
            this.nodes.add(new Node(new NodeAddress("node-" + i, 7000 + i)));
        }
        for (int slot = 0; slot < this.owners.length; slot++) {
            this.owners[slot] = this.nodes.get(slot * nodes / this.owners.length);
        }
        this.nodes.forEach(Node::learnAll);
    }

    // What is asked of it

    @Override
    public @Nullable NodeAddress ownerOf(int slot) {
        Node owner = this.known == null ? null : this.known[slot];
        return owner == null ? null : owner.address;
    }

    @Override
    public List<NodeAddress> upstreams() {
        return this.known == null
                ? List.of()
                : this.nodes.stream()
                        .filter(node -> node.up)
                        .map(node -> node.address)
                        .toList();
    }

    @Override
    public CompletionStage<?> refresh() {
        this.refreshes++;
        if (this.refreshThrows) {
            throw new IllegalStateException("no topology today");
        }
        CompletableFuture<Void> refreshed = new CompletableFuture<>();
        this.time.after(delay(), () -> {
            List<Node> up = this.nodes.stream().filter(node -> node.up).toList();
            if (up.isEmpty() || this.refreshFails) {
                refreshed.completeExceptionally(new IllegalStateException("no node answers"));
                return;
            }
            @Nullable
            Node[] seen = up.get(this.time.dice().nextInt(up.size())).view.clone();
            this.time.after(delay(), () -> {
                boolean changed = this.known == null || !Arrays.equals(this.known, seen);
                this.known = seen;
                if (changed && !this.closed) {
                    this.onChange.run();
                }
                refreshed.complete(null);
            });
        });
        return refreshed;
    }

    @Override
    public void onChange(Runnable callback) {
        this.onChange = callback;
    }

    @Override
    public Pipe open(NodeAddress address, PipeListener listener) {
        this.opened++;
        if (this.openThrows) {
            throw new IllegalStateException("event executor terminated");
        }
        SimulatedPipe pipe = new SimulatedPipe(at(address), listener);
        pipe.connect(true);
        return pipe;
    }

    @Override
    public void close() {
        this.closed = true;
    }

    // What happens to it

    private Node at(NodeAddress address) {
        return this.nodes.stream()
                .filter(node -> node.address.equals(address))
                .findFirst()
                .orElseThrow();
    }

    static int slot(ChannelName channel) {
        return SlotHash.getSlot(channel.toBytes());
    }

    @Nullable
    Node owner(int slot) {
        return this.owners[slot];
    }

    Node owner(ChannelName channel) {
        Node owner = this.owners[slot(channel)];
        if (owner == null) {
            throw new IllegalStateException("Nobody owns " + channel);
        }
        return owner;
    }

    Node other(Node node) {
        return this.nodes.get((this.nodes.indexOf(node) + 1) % this.nodes.size());
    }

    /** Moves a slot; nobody knows before it is told. */
    void assign(int slot, @Nullable Node target) {
        this.owners[slot] = target;
        if (target != null) {
            target.configEpoch = ++this.configEpoch;
        }
    }

    /** As redis-cli does it: the target first, then the source, then the others, all at once as far as a client can see. */
    void move(int slot, Node target) {
        Node source = this.owners[slot];
        assign(slot, target);
        target.learn(slot);
        if (source != null) {
            source.learn(slot);
        }
        this.nodes.forEach(node -> node.learn(slot));
    }

    /** The beginning of a move, which only the two nodes know of. */
    void beginMove(int slot, Node target) {
        Node source = this.owners[slot];
        if (source == null) {
            throw new IllegalStateException("Nobody owns " + slot);
        }
        source.migratingTo.put(slot, target);
        target.importing.add(slot);
    }

    /** As SETSLOT STABLE: the slot stays where it is. */
    void giveUpMove(int slot) {
        this.nodes.forEach(node -> node.stable(slot));
    }

    /** As CLUSTER FAILOVER: the other has all its slots, and it is the other's replica. */
    void demote(Node master, Node promoted) {
        master.replicaOf = promoted;
        for (int slot = 0; slot < this.owners.length; slot++) {
            if (this.owners[slot] == master) {
                assign(slot, promoted);
            }
        }
        promoted.learnAll();
        this.nodes.forEach(Node::learnAll);
    }

    /** The node is dead, and another has all its slots; every node knows. */
    void failOver(Node dead, Node promoted) {
        dead.kill();
        for (int slot = 0; slot < this.owners.length; slot++) {
            if (this.owners[slot] == dead) {
                assign(slot, promoted);
            }
        }
        this.nodes.forEach(Node::learnAll);
    }

    /** The client looks at the cluster on its own, as an application's periodic refresh does. */
    void topologyKnown() {
        this.known = this.owners.clone();
        this.onChange.run();
    }

    void publish(ChannelName channel, byte[] payload) {
        Node owner = this.owners[slot(channel)];
        if (owner != null && owner.up) {
            owner.publish(channel, payload);
        }
    }

    private Duration delay() {
        long range = this.longestDelay.minus(this.shortestDelay).toNanos();
        return this.shortestDelay.plusNanos((long) (range * this.time.dice().nextDouble()));
    }

    /** One server: what it believes, whom it serves, and what is wrong with it. */
    final class Node {

        final NodeAddress address;

        private final @Nullable Node[] view = new Node[SlotHash.SLOT_COUNT];

        private final Set<Session> sessions = new LinkedHashSet<>();

        /** Channels this client may not subscribe to. */
        final Set<ChannelName> denied = new HashSet<>();

        /** Slots whose unsubscribes are answered by ASK while the subscription lives on (Redis 7.4). */
        final Set<Integer> migrating = new HashSet<>();

        /** Slots on their way from here. */
        final Map<Integer, Node> migratingTo = new TreeMap<>();

        /** Slots on their way to here, which are served to who asks. */
        final Set<Integer> importing = new HashSet<>();

        /** Whose SSUBSCRIBE is confirmed and then ended at once, again and again. */
        final Set<Integer> flapping = new HashSet<>();

        /** Answered to every command in place of a reply. */
        @Nullable
        String error;

        boolean up = true;

        private int configEpoch = 1;

        /** Then it accepts subscriptions to its master's slots; but no messages reach it. */
        @Nullable
        Node replicaOf;

        /** As a replica it refuses to unsubscribe, and the subscription lives on (Redis 7.4 and 8.0). */
        boolean replicaKeepsSubscriptions;

        /** How many subscriptions it counts that nobody knows of; negative for some that it has lost. */
        int miscount;

        /** The user may not run CLIENT INFO. */
        boolean deniesClientInfo;

        /** The user may not run SPUBLISH. */
        boolean deniesPublishing;

        /** Whatever is asked, nothing comes back. */
        boolean silent;

        /** Says that it publishes, and does not. */
        boolean swallowsMessages;

        /** Another one of its shard: it delivers what is published here, too, a while later. */
        @Nullable
        Node passesOnTo;

        /** The name of its shard; null if it is so old that it has none. */
        @Nullable
        String shard;

        /** The user may not run CLUSTER MYSHARDID. */
        boolean deniesShard;

        /** How much longer everything takes from here. */
        Duration slowness = Duration.ZERO;

        boolean refusesConnections;

        /** Each connection is closed as soon as something is asked on it. */
        boolean closesConnections;

        private Node(NodeAddress address) {
            this.address = address;
            this.shard = "shard-of-" + address.host();
        }

        /** Learns who owns the slot, and ends its subscriptions if it was itself and is not any more. */
        void learn(int slot) {
            boolean was = this.view[slot] == this;
            this.view[slot] = SimulatedCluster.this.owners[slot];
            boolean is = this.view[slot] == this;
            boolean takesOver = !was && is && SimulatedCluster.this.endsEarlySubscriptionsAtCutOver;
            if (was && !is || takesOver) {
                endSubscriptions(slot);
            }
            if (was != is) {
                stable(slot);
            }
        }

        private void stable(int slot) {
            this.migratingTo.remove(slot);
            this.importing.remove(slot);
        }

        void learnAll() {
            for (int slot = 0; slot < this.view.length; slot++) {
                if (this.view[slot] != SimulatedCluster.this.owners[slot]) {
                    learn(slot);
                }
            }
        }

        /** Believes what is not so. */
        void believe(int slot, @Nullable Node owner) {
            this.view[slot] = owner;
        }

        /** As SETSLOT NODE said again to the owner: the subscriptions end, and nothing moved. */
        void endSubscriptions(int slot) {
            for (Session session : this.sessions) {
                for (ChannelName channel : List.copyOf(session.subscribed)) {
                    if (slot(channel) == slot) {
                        session.subscribed.remove(channel);
                        session.tell(listener -> listener.endedByServer(channel));
                    }
                }
            }
        }

        /** The subscriptions are gone, and nobody is told. */
        void forgetSubscriptions(int slot) {
            this.sessions.forEach(session -> session.subscribed.removeIf(channel -> slot(channel) == slot));
        }

        /** A subscription that nobody knows of. */
        void leaveOver(ChannelName channel) {
            this.sessions.forEach(session -> session.subscribed.add(channel));
        }

        /** As if it were the owner, which it may not know yet that it is not. */
        void publish(ChannelName channel, byte[] payload) {
            deliver(channel, payload);
            Node other = this.passesOnTo;
            if (other != null) {
                SimulatedCluster.this.time.after(SimulatedCluster.this.busDelay, () -> other.deliver(channel, payload));
            }
        }

        private void deliver(ChannelName channel, byte[] payload) {
            for (Session session : this.sessions) {
                if (session.subscribed.contains(channel)) {
                    session.tell(listener -> listener.message(channel, payload));
                }
            }
        }

        private void deliverClassic(ChannelName channel, byte[] payload) {
            for (Session session : this.sessions) {
                if (session.classic.contains(channel)) {
                    session.tell(listener -> listener.message(channel, payload));
                }
            }
        }

        void kill() {
            this.up = false;
            loseConnections();
        }

        void loseConnections() {
            List.copyOf(this.sessions).forEach(session -> session.lose("the connection was closed by the server"));
        }

        void answerOutOfStep() {
            for (Session session : List.copyOf(this.sessions)) {
                session.tell(listener -> {
                    listener.outOfStep("a reply where nothing was asked");
                    session.lose("out of step");
                });
            }
        }

        /** Whether the client reads no further from a connection to here. What is on its way comes all the same. */
        boolean isReadingPaused() {
            return this.sessions.stream().anyMatch(session -> session.pipe.readingPaused);
        }

        int connections() {
            return this.sessions.size();
        }

        boolean holds(ChannelName channel) {
            return this.sessions.stream().anyMatch(session -> session.subscribed.contains(channel));
        }

        Set<ChannelName> subscribed() {
            Set<ChannelName> all = new HashSet<>();
            this.sessions.forEach(session -> all.addAll(session.subscribed));
            return all;
        }

        private Outcome answer(Session session, PlainCommand command) {
            SimulatedCluster.this.plainCommands++;
            // what names no slot is not redirected
            if (this.error != null && !this.error.startsWith("MOVED")) {
                return refused(this.error);
            }
            if (command == PlainCommand.CLIENT_INFO && this.deniesClientInfo) {
                return refused("NOPERM User app has no permissions to run the 'client|info' command");
            }
            if (command.toString().startsWith("PUBLISH")) {
                if (this.deniesPublishing) {
                    return refused("NOPERM User app has no permissions to run the 'publish' command");
                }
                ChannelName channel = ChannelName.of(command.words().get(1));
                for (Node other : SimulatedCluster.this.nodes) {
                    SimulatedCluster.this.time.after(
                            other == this ? Duration.ZERO : SimulatedCluster.this.busDelay,
                            () -> other.deliverClassic(channel, command.words().get(2)));
                }
                return new Outcome.Answered("0");
            }
            if (command.toString().startsWith("SPUBLISH")) {
                if (this.deniesPublishing) {
                    return refused("NOPERM User app has no permissions to run the 'spublish' command");
                }
                ChannelName channel = ChannelName.of(command.words().get(1));
                Node owner = this.view[slot(channel)];
                if (owner != this && (owner == null || owner != this.replicaOf)) {
                    return refused("MOVED " + slot(channel) + " " + owner);
                }
                if (!this.swallowsMessages) {
                    publish(channel, command.words().get(2));
                }
                return new Outcome.Answered("1");
            }
            if (command == PlainCommand.CLIENT_INFO) {
                return new Outcome.Answered("id=1 addr=client sub=0 psub=0 ssub="
                        + (session.subscribed.size() + this.miscount) + " resp=3\n");
            }
            if (command == PlainCommand.CLUSTER_NODES) {
                return new Outcome.Answered(clusterNodes());
            }
            if (command == PlainCommand.CLUSTER_MYSHARDID) {
                if (this.deniesShard) {
                    return refused("NOPERM User app has no permissions to run the 'cluster|myshardid' command");
                }
                return this.shard == null
                        ? refused("ERR unknown subcommand 'MYSHARDID'. Try CLUSTER HELP.")
                        : new Outcome.Answered(this.shard);
            }
            throw new IllegalStateException("Not simulated: " + command);
        }

        private String clusterNodes() {
            StringBuilder lines = new StringBuilder();
            for (Node node : SimulatedCluster.this.nodes) {
                lines.append(node.id())
                        .append(' ')
                        .append(node.address)
                        .append("@1")
                        .append(node == this ? " myself," : " ")
                        .append(node.replicaOf == null ? "master" : "slave")
                        .append(node.up ? " " : ",fail ")
                        .append(node.replicaOf == null ? "-" : node.replicaOf.id())
                        .append(" 0 0 ")
                        .append(node.configEpoch)
                        .append(" connected");
                appendSlotsOf(node, lines);
                if (node == this) {
                    this.migratingTo.forEach((slot, target) -> lines.append(" [")
                            .append(slot)
                            .append("->-")
                            .append(target.id())
                            .append(']'));
                    this.importing.forEach(
                            slot -> lines.append(" [").append(slot).append("-<-somebody]"));
                }
                lines.append('\n');
            }
            return lines.toString();
        }

        private void appendSlotsOf(Node node, StringBuilder lines) {
            for (int slot = 0; slot < this.view.length; slot++) {
                if (this.view[slot] == node) {
                    int first = slot;
                    while (slot + 1 < this.view.length && this.view[slot + 1] == node) {
                        slot++;
                    }
                    lines.append(' ').append(first).append(first == slot ? "" : "-" + slot);
                }
            }
        }

        private String id() {
            return "id-of-" + this.address.host();
        }

        private Outcome answer(Session session, Unit unit) {
            List<Integer> slots = unit.channels().stream()
                    .map(SimulatedCluster::slot)
                    .distinct()
                    .toList();
            int slot = slots.get(0);
            Node owner = this.view[slot];
            if (this.error != null) {
                return refused(this.error);
            }
            if (slots.size() > 1) {
                return refused("CROSSSLOT Keys in request don't hash to the same slot");
            }
            if (unit.subscribe() && unit.channels().stream().anyMatch(this.denied::contains)) {
                return refused("NOPERM this user has no permissions to access one of the channels used as arguments");
            }
            if (owner == null) {
                return refused("CLUSTERDOWN Hash slot not served");
            }
            boolean served = owner == this || owner == this.replicaOf || unit.asking() && this.importing.contains(slot);
            if (!served) {
                return refused("MOVED " + slot + " " + owner.address);
            }
            if (unit.subscribe()) {
                session.subscribed.addAll(unit.channels());
            } else if (owner != this && owner == this.replicaOf && this.replicaKeepsSubscriptions) {
                return refused("MOVED " + slot + " " + owner.address);
            } else if (this.migrating.contains(slot)) {
                return refused("ASK " + slot + " " + other(this).address);
            } else {
                session.subscribed.removeAll(unit.channels());
            }
            return Outcome.CONFIRMED;
        }

        private static Outcome refused(String error) {
            return new Outcome.Refused(new ReplyError(error));
        }

        @Override
        public String toString() {
            return this.address.toString();
        }
    }

    private interface Telling {

        void to(PipeListener listener);
    }

    /** One TCP connection as its server sees it, and what is on its way in both directions. */
    private final class Session {

        private final Node node;

        private final SimulatedPipe pipe;

        private final int id = SimulatedCluster.this.number++;

        final Set<ChannelName> subscribed = new LinkedHashSet<>();

        final Set<ChannelName> classic = new HashSet<>();

        private final Set<CompletableFuture<Outcome>> inFlight = new LinkedHashSet<>();

        private long lastToServer;

        private long lastToClient;

        private boolean lost;

        Session(SimulatedPipe pipe) {
            this.pipe = pipe;
            this.node = pipe.node;
        }

        CompletableFuture<Outcome> send(PlainCommand command) {
            return exchange(() -> this.node.answer(this, command), () -> {});
        }

        CompletableFuture<Outcome> send(Unit unit) {
            int slot = slot(unit.channels().get(0));
            return exchange(() -> this.node.answer(this, unit), () -> {
                if (unit.subscribe() && this.node.flapping.contains(slot)) {
                    this.node.endSubscriptions(slot);
                }
            });
        }

        private CompletableFuture<Outcome> exchange(Supplier<Outcome> answering, Runnable onceConfirmed) {
            CompletableFuture<Outcome> outcome = new CompletableFuture<>();
            this.inFlight.add(outcome);
            this.lastToServer = Math.max(this.lastToServer, SimulatedCluster.this.time.nanoTime() + delay().toNanos());
            SimulatedCluster.this.time.at(this.lastToServer, () -> {
                if (this.node.silent) {
                    return;
                }
                if (this.node.closesConnections) {
                    lose("closed by the server");
                } else if (!this.lost) {
                    Outcome answer = answering.get();
                    boolean untold =
                            SimulatedCluster.this.time.dice().nextInt(100) < SimulatedCluster.this.unknownPercent;
                    toClient(() -> {
                        this.inFlight.remove(outcome);
                        if (SimulatedCluster.this.confirmationsComeLate && answer instanceof Outcome.Confirmed) {
                            SimulatedCluster.this.time.after(
                                    SimulatedCluster.this.longestDelay, () -> outcome.complete(answer));
                            return;
                        }
                        outcome.complete(untold ? new Outcome.Unknown("the replies do not tell") : answer);
                    });
                    if (answer instanceof Outcome.Confirmed) {
                        onceConfirmed.run();
                    }
                }
            });
            return outcome;
        }

        void tell(Telling telling) {
            toClient(() -> telling.to(this.pipe.listener));
        }

        private void toClient(Runnable arrival) {
            this.lastToClient = Math.max(
                    this.lastToClient,
                    SimulatedCluster.this.time.nanoTime()
                            + delay().plus(this.node.slowness).toNanos());
            SimulatedCluster.this.time.at(this.lastToClient, () -> {
                if (this.pipe.session == this) {
                    arrival.run();
                }
            });
        }

        /** What is on its way to the client still arrives; then it is told. */
        void lose(String reason) {
            if (this.lost) {
                return;
            }
            this.lost = true;
            this.subscribed.clear();
            this.node.sessions.remove(this);
            toClient(() -> {
                this.pipe.session = null;
                this.pipe.listener.disconnected(reason);
                abandon(reason);
                this.pipe.connectLater();
            });
        }

        void abandon(String reason) {
            List.copyOf(this.inFlight).forEach(outcome -> outcome.complete(new Outcome.Unknown(reason)));
            this.inFlight.clear();
        }

        @Override
        public String toString() {
            return "session " + this.id + " at " + this.node;
        }
    }

    private final class SimulatedPipe implements Pipe {

        private final Node node;

        private final PipeListener listener;

        private @Nullable Session session;

        private boolean closed;

        private boolean readingPaused;

        SimulatedPipe(Node node, PipeListener listener) {
            this.node = node;
            this.listener = listener;
        }

        void connectLater() {
            SimulatedCluster.this.time.after(RECONNECT, () -> connect(false));
        }

        void connect(boolean first) {
            SimulatedCluster.this.time.after(delay(), () -> {
                if (this.closed) {
                    return;
                }
                if (this.node.up && !this.node.refusesConnections) {
                    Session opened = new Session(this);
                    this.session = opened;
                    this.readingPaused = false;
                    this.node.sessions.add(opened);
                    this.listener.connected();
                } else if (first) {
                    this.closed = true;
                    this.listener.connectFailed(new IllegalStateException(
                            "Unable to connect", new IllegalStateException("Connection refused")));
                } else {
                    connectLater();
                }
            });
        }

        @Override
        public CompletableFuture<Outcome> subscribe(List<ChannelName> channels) {
            return send(true, false, channels);
        }

        @Override
        public CompletableFuture<Outcome> unsubscribe(List<ChannelName> channels) {
            return send(false, false, channels);
        }

        @Override
        public CompletableFuture<Outcome> subscribeAsking(List<ChannelName> channels) {
            return send(true, true, channels);
        }

        @Override
        public CompletableFuture<Outcome> unsubscribeAsking(List<ChannelName> channels) {
            return send(false, true, channels);
        }

        @Override
        public CompletableFuture<Outcome> subscribeClassic(ChannelName channel) {
            Session current = this.session;
            return current == null
                    ? CompletableFuture.completedFuture(new Outcome.Unknown("not connected"))
                    : current.exchange(
                            () -> {
                                current.classic.add(channel);
                                return Outcome.CONFIRMED;
                            },
                            () -> {});
        }

        @Override
        public CompletableFuture<Outcome> send(PlainCommand command) {
            return this.session == null
                    ? CompletableFuture.completedFuture(new Outcome.Unknown("not connected"))
                    : this.session.send(command);
        }

        @Override
        public CompletableFuture<Outcome> fence() {
            return this.session == null
                    ? CompletableFuture.completedFuture(new Outcome.Unknown("not connected"))
                    : this.session.exchange(() -> Outcome.CONFIRMED, () -> {});
        }

        private CompletableFuture<Outcome> send(boolean subscribe, boolean asking, List<ChannelName> channels) {
            Unit unit = new Unit(
                    SimulatedCluster.this.time.nanoTime(), this.node, subscribe, asking, List.copyOf(channels));
            if (this.session == null) {
                return CompletableFuture.completedFuture(new Outcome.Unknown("not connected"));
            }
            SimulatedCluster.this.units.add(unit);
            return this.session.send(unit);
        }

        @Override
        public void pauseReading() {
            this.readingPaused = true;
        }

        @Override
        public void resumeReading() {
            this.readingPaused = false;
        }

        @Override
        public boolean isConnected() {
            return this.session != null;
        }

        @Override
        public void reconnect(String reason) {
            if (this.session != null) {
                this.session.lose(reason);
            }
        }

        @Override
        public CompletableFuture<Void> closeAsync() {
            this.closed = true;
            CompletableFuture<Void> done = new CompletableFuture<>();
            Session closing = this.session;
            this.session = null;
            SimulatedCluster.this.time.after(delay(), () -> {
                if (closing != null) {
                    closing.lost = true;
                    closing.node.sessions.remove(closing);
                }
                // as with Netty: the socket's end is told before what was in flight is given up
                done.complete(null);
                if (closing != null) {
                    closing.abandon("closed");
                }
            });
            return done;
        }
    }
}
