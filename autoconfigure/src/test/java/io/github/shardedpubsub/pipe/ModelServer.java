package io.github.shardedpubsub.pipe;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A node as far as shard channels are concerned, with the truth about itself: it answers as protocol-facts were measured, one
 * command at a time, and its state may change between any two, so also between a command and the PING behind it.
 */
final class ModelServer {

    /** What a state of the whole node does to commands and PINGs. */
    enum NodeState {
        FINE(null, null),
        SAVE_FAILING(null, "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist"),
        MASTER_GONE(null, "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."),
        LOADING(null, "LOADING Redis is loading the dataset in memory"),
        PING_DENIED(null, "NOPERM User app has no permissions to run the 'ping' command"),
        PING_RENAMED(null, "ERR unknown command 'PING', with args beginning with: '7' "),
        BUSY("BUSY Redis is busy running a script.", "BUSY Redis is busy running a script."),
        NOT_AUTHENTICATED("NOAUTH Authentication required.", "NOAUTH Authentication required."),
        STRANGE("ERR a proxy has had enough", "ERR a proxy has had enough"),
        STRANGE_FOR_PINGS(null, "ERR a proxy has had enough"),
        STRANGE_FOR_COMMANDS("ERR a proxy has had enough", null);

        private final @Nullable ReplyError forCommands;

        private final @Nullable ReplyError forPings;

        NodeState(@Nullable String forCommands, @Nullable String forPings) {
            this.forCommands = forCommands == null ? null : new ReplyError(forCommands);
            this.forPings = forPings == null ? null : new ReplyError(forPings);
        }
    }

    /** Who serves a slot, and how the server speaks of it. */
    enum SlotState {
        HERE,
        ELSEWHERE,
        /** Served elsewhere still, and here for who asks. */
        IMPORTING,
        /** The newest Redis 8 builds confirm a SUNSUBSCRIBE of a slot that is gone. */
        ELSEWHERE_AND_NEW,
        NOBODY,
        /** Redis 7.4: SUNSUBSCRIBE gets ASK, and the subscription lives on. */
        MIGRATING_ON_7_4,
        /** Redis 7.4 at a replica: SUNSUBSCRIBE gets MOVED, and the subscription lives on. */
        REPLICA_ON_7_4;

        boolean keepsSubscriptions() {
            return this == HERE || this == IMPORTING || this == MIGRATING_ON_7_4 || this == REPLICA_ON_7_4;
        }
    }

    /** Something on its way to the client, and the truth about it. */
    record Sent(Received what, boolean own) {}

    static final List<ChannelName> CHANNELS = Arrays.stream(
                    new String[] {"{a}1", "{a}2", "{a}3", "{b}1", "{b}2", "{c}1"})
            .map(ChannelName::of)
            .toList();

    private static final List<SlotState> SLOT_STATES = List.of(SlotState.values());

    final Deque<Sent> output = new ArrayDeque<>();

    final Map<FencedUnit, Outcome> outcomes = new LinkedHashMap<>();

    /** How much had been sent to the client, its fence included. */
    final Map<FencedUnit, Integer> fences = new HashMap<>();

    private int sent;

    /** What has happened to each channel's subscription, in the order of the stream. */
    final Map<ChannelName, List<String>> history = new HashMap<>();

    private final List<NodeState> nodeStates;

    private final Deque<Runnable> input = new ArrayDeque<>();

    private final Map<Character, SlotState> slots = new HashMap<>();

    private final Set<ChannelName> subscribed = new LinkedHashSet<>();

    private Set<ChannelName> denied = Set.of();

    private NodeState nodeState = NodeState.FINE;

    /** The last plain command was granted. */
    private boolean asking;

    ModelServer(List<NodeState> nodeStates) {
        this.nodeStates = nodeStates;
    }

    static char slot(ChannelName channel) {
        return channel.toString().charAt(1);
    }

    // ----- what the client does

    void receive(FencedUnit unit) {
        if (unit.beginsPlain()) {
            this.input.add(() -> plain(unit));
        }
        if (unit.kind().isPubSub()) {
            this.input.add(() -> command(unit));
        }
        this.input.add(() -> ping(unit));
    }

    void receiveForeign(boolean fails) {
        this.input.add(
                () -> reply(fails ? new Received.Failure(new ReplyError("ERR not like that")) : new Received.Ok()));
    }

    // ----- what the server does

    boolean isIdle() {
        return this.input.isEmpty();
    }

    void answerNext() {
        Runnable next = this.input.poll();
        if (next != null) {
            next.run();
        }
    }

    void heal() {
        this.nodeState = NodeState.FINE;
    }

    void somethingHappens(Tape tape) {
        switch (tape.next(4)) {
            case 0 -> this.nodeState = tape.oneOf(this.nodeStates);
            case 1 -> moveSlot(slot(tape.oneOf(CHANNELS)), tape.oneOf(SLOT_STATES));
            // the same owner said again
            case 2 -> endAll(slot(tape.oneOf(CHANNELS)));
            default -> this.denied = tape.next(3) == 0 ? Set.of(tape.oneOf(CHANNELS)) : Set.of();
        }
    }

    private void moveSlot(char slot, SlotState state) {
        this.slots.put(slot, state);
        if (!state.keepsSubscriptions()) {
            endAll(slot);
        }
    }

    private void endAll(char slot) {
        for (ChannelName channel : List.copyOf(this.subscribed)) {
            if (slot(channel) == slot) {
                this.subscribed.remove(channel);
                output(new Sent(new Received.End(channel), true));
                tell(channel, "ended");
            }
        }
    }

    private void plain(FencedUnit unit) {
        ReplyError error = this.nodeState == NodeState.MASTER_GONE || this.nodeState == NodeState.LOADING
                ? this.nodeState.forPings
                : this.nodeState.forCommands;
        reply(error == null ? new Received.Answer("OK") : new Received.Failure(error));
        if (unit.kind() == FencedUnit.Kind.PLAIN) {
            this.outcomes.put(unit, error == null ? new Outcome.Answered("OK") : new Outcome.Refused(error));
        }
        this.asking = error == null;
    }

    private void command(FencedUnit unit) {
        ReplyError error = refusal(unit, unit.beginsPlain() && this.asking);
        if (error != null) {
            reply(new Received.Failure(error));
            this.outcomes.put(unit, new Outcome.Refused(error));
            return;
        }
        this.outcomes.put(unit, Outcome.CONFIRMED);
        for (ChannelName channel : unit.channels()) {
            if (unit.kind() == FencedUnit.Kind.SUBSCRIBE) {
                this.subscribed.add(channel);
                reply(new Received.Confirmation(channel));
                tell(channel, unit.toString());
            } else {
                this.subscribed.remove(channel);
                reply(new Received.End(channel));
            }
        }
    }

    private @Nullable ReplyError refusal(FencedUnit unit, boolean asking) {
        if (this.nodeState.forCommands != null) {
            return this.nodeState.forCommands;
        }
        boolean subscribe = unit.kind() == FencedUnit.Kind.SUBSCRIBE;
        if (subscribe && !Collections.disjoint(unit.channels(), this.denied)) {
            return new ReplyError("NOPERM User app has no permissions to access the 'x' channel");
        }
        char slot = slot(unit.channels().get(0));
        if (unit.channels().stream().anyMatch(channel -> slot(channel) != slot)) {
            return new ReplyError("CROSSSLOT Keys in request don't hash to the same slot");
        }
        return switch (this.slots.getOrDefault(slot, SlotState.HERE)) {
            case HERE -> null;
            case ELSEWHERE -> new ReplyError("MOVED 1 127.0.0.1:7002");
            case IMPORTING -> asking ? null : new ReplyError("MOVED 1 127.0.0.1:7002");
            case ELSEWHERE_AND_NEW -> subscribe ? new ReplyError("MOVED 1 127.0.0.1:7002") : null;
            case NOBODY -> new ReplyError("CLUSTERDOWN Hash slot not served");
            case MIGRATING_ON_7_4 -> subscribe ? null : new ReplyError("ASK 1 127.0.0.1:7002");
            case REPLICA_ON_7_4 -> subscribe ? null : new ReplyError("MOVED 1 127.0.0.1:7002");
        };
    }

    private void ping(FencedUnit unit) {
        ReplyError error = this.nodeState.forPings;
        reply(error == null ? new Received.Echo(unit.number()) : new Received.Failure(error));
        this.fences.put(unit, this.sent);
        Outcome outcome = this.outcomes.computeIfAbsent(unit, fence -> Outcome.CONFIRMED);
        if (unit.kind() == FencedUnit.Kind.UNSUBSCRIBE || outcome instanceof Outcome.Refused) {
            unit.channels().forEach(channel -> tell(channel, unit.toString()));
        }
    }

    private void reply(Received what) {
        output(new Sent(what, false));
    }

    private void output(Sent sent) {
        this.sent++;
        this.output.add(sent);
    }

    private void tell(ChannelName channel, String what) {
        this.history.computeIfAbsent(channel, none -> new ArrayList<>()).add(what);
    }

    /** The same history, as a client has told it. */
    static Map<ChannelName, List<String>> history(List<Told> told) {
        Map<ChannelName, List<String>> history = new HashMap<>();
        for (Told one : told) {
            if (one instanceof Told.Ended ended) {
                history.computeIfAbsent(ended.channel(), none -> new ArrayList<>())
                        .add("ended");
            } else if (one instanceof Told.Finished finished) {
                for (ChannelName channel : finished.unit().channels()) {
                    history.computeIfAbsent(channel, none -> new ArrayList<>())
                            .add(finished.unit().toString());
                }
            }
        }
        return history;
    }

    Optional<Sent> nextOutput() {
        return Optional.ofNullable(this.output.poll());
    }
}
