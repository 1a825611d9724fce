package io.github.shardedpubsub.pipe;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One way to read what was received: whose reply comes next, and what all the replies before it meant. {@link ReplyAlignment} keeps
 * as many as are possible.
 */
final class Reading {

    /** Something to tell, held back while it is in doubt. */
    private sealed interface Past {

        record Finished(FencedUnit unit, Outcome outcome) implements Past {}

        record Ended(long push, ChannelName channel) implements Past {}
    }

    private SentPlace at;

    /** The reply to the plain command that the unit begins with, once it is there. */
    private @Nullable Reply first;

    /** The error of the unit's own command; its fence is due. */
    private @Nullable ReplyError refusal;

    /** How many of a subscribe's channels are confirmed; the server does it in their order. */
    private int confirmed;

    /** The {@code sunsubscribe}s for the unit's channels, of which the fence will tell what they were. */
    private final List<Past.Ended> held;

    private final List<Past> past;

    Reading(SentPlace at) {
        this.at = at;
        this.held = new ArrayList<>();
        this.past = new ArrayList<>();
    }

    Reading(Reading other) {
        this.at = other.at;
        this.first = other.first;
        this.refusal = other.refusal;
        this.confirmed = other.confirmed;
        this.held = new ArrayList<>(other.held);
        this.past = new ArrayList<>(other.past);
    }

    boolean isAt(SentPlace place) {
        return this.at == place;
    }

    /** Takes the one reply of a command that is no unit, if that is what is due. */
    boolean foreignReplied() {
        if (!this.at.isForeign()) {
            return false;
        }
        this.at = this.at.next();
        return true;
    }

    /** Takes a reply that only the plain command at the unit's beginning can have got, if that one is due. */
    boolean begun(Reply reply) {
        FencedUnit unit = this.at.unit();
        if (unit == null || !isBeginningDue(unit)) {
            return false;
        }
        this.first = reply;
        return true;
    }

    private boolean isBeginningDue(FencedUnit unit) {
        return unit.beginsPlain() && this.first == null;
    }

    boolean subscribed(PubSubVerb verb, ChannelName channel) {
        FencedUnit unit = this.at.unit();
        if (unit == null
                || isBeginningDue(unit)
                || !unit.asks(verb)
                || this.refusal != null
                || this.confirmed == unit.channels().size()
                || !unit.channels().get(this.confirmed).equals(channel)) {
            return false;
        }
        this.confirmed++;
        return true;
    }

    void unsubscribed(PubSubVerb verb, ChannelName channel, long push) {
        Past.Ended ended = new Past.Ended(push, channel);
        // what concerns the unit is told with it: as its reply, or behind the confirmation that it ends
        if (concernsUnit(verb, channel)) {
            this.held.add(ended);
        } else {
            this.past.add(ended);
        }
    }

    private boolean concernsUnit(PubSubVerb verb, ChannelName channel) {
        FencedUnit unit = this.at.unit();
        if (unit == null || isBeginningDue(unit) || this.refusal != null) {
            return false;
        }
        if (unit.asks(verb)) {
            return unit.channels().isEmpty() || unit.channels().contains(channel);
        }
        return unit.isUndoneBy(verb)
                && unit.channels().subList(0, this.confirmed).contains(channel);
    }

    boolean echoed(long number) {
        FencedUnit unit = this.at.unit();
        if (unit == null || unit.number() != number || !(this.refusal != null || isAnswered(unit))) {
            return false;
        }
        passed();
        return true;
    }

    boolean canBeCommands(ReplyError error) {
        FencedUnit unit = this.at.unit();
        return unit != null
                && unit.kind().isPubSub()
                && !isBeginningDue(unit)
                && this.refusal == null
                && this.confirmed == 0
                && error.half() != ReplyError.Half.FENCE;
    }

    boolean canBeFences(ReplyError error) {
        FencedUnit unit = this.at.unit();
        return unit != null && (this.refusal != null || isAnswered(unit)) && error.half() != ReplyError.Half.COMMAND;
    }

    /** Whether all has come that the unit is answered by before its fence, where its command succeeds. */
    private boolean isAnswered(FencedUnit unit) {
        if (isBeginningDue(unit)) {
            return false;
        }
        return switch (unit.kind()) {
            case SUBSCRIBE -> this.confirmed == unit.channels().size();
            case UNSUBSCRIBE ->
                unit.channels().isEmpty()
                        ? !this.held.isEmpty()
                        : unit.channels().stream().allMatch(this::holds);
            case PLAIN, FENCE -> true;
        };
    }

    private boolean holds(ChannelName channel) {
        for (Past.Ended ended : this.held) {
            if (ended.channel().equals(channel)) {
                return true;
            }
        }
        return false;
    }

    /** The unit's command has failed, so none of the pushes was its reply. */
    void refused(ReplyError error) {
        this.refusal = error;
        this.past.addAll(this.held);
        this.held.clear();
    }

    /** The unit's fence has passed. */
    void passed() {
        FencedUnit unit = this.at.unit();
        if (unit == null) {
            throw new IllegalStateException("No unit is due");
        }
        Outcome outcome = outcome(unit);
        if (unit.kind() == FencedUnit.Kind.UNSUBSCRIBE && !unit.channels().isEmpty()) {
            // of each channel's pushes the last one is the reply, those before it were the server's own
            for (int i = 0; i < this.held.size(); i++) {
                if (comesAgain(i)) {
                    this.past.add(this.held.get(i));
                }
            }
            this.past.add(new Past.Finished(unit, outcome));
        } else {
            this.past.add(new Past.Finished(unit, outcome));
            if (unit.kind() == FencedUnit.Kind.SUBSCRIBE) {
                this.past.addAll(this.held);
            }
            // what an unsubscribe from everything has ended nobody wants any more: all of it is its reply
        }
        this.held.clear();
        this.first = null;
        this.refusal = null;
        this.confirmed = 0;
        this.at = this.at.next();
    }

    /** What ASKING got does not matter: the command behind it tells. */
    private Outcome outcome(FencedUnit unit) {
        if (unit.kind() == FencedUnit.Kind.PLAIN) {
            if (this.first instanceof Reply.Answer answer) {
                return new Outcome.Answered(answer.text());
            }
            if (this.first instanceof Reply.Failed failed) {
                return new Outcome.Refused(failed.error());
            }
        }
        return this.refusal != null ? new Outcome.Refused(this.refusal) : Outcome.CONFIRMED;
    }

    private boolean comesAgain(int index) {
        ChannelName channel = this.held.get(index).channel();
        for (int i = index + 1; i < this.held.size(); i++) {
            if (this.held.get(i).channel().equals(channel)) {
                return true;
            }
        }
        return false;
    }

    boolean isAtSamePlace(Reading other) {
        return this.at == other.at
                && (this.first == null) == (other.first == null)
                && (this.refusal == null) == (other.refusal == null);
    }

    /**
     * Takes in another past that led to the same place, by the same last reply. Both have finished the same units; an
     * outcome they differ in is unknown, and a channel that one of them says the server has ended is told as ended, since
     * asking again costs less than silence.
     */
    void mergePast(Reading other) {
        List<Past> merged = new ArrayList<>();
        int here = 0;
        int there = 0;
        while (here < this.past.size() || there < other.past.size()) {
            List<Past.Ended> ended = new ArrayList<>();
            here = takeEnded(this.past, here, ended);
            there = takeEnded(other.past, there, ended);
            ended.stream()
                    .distinct()
                    // the two can place a push on different sides of a unit
                    .filter(one -> !merged.contains(one))
                    .sorted((a, b) -> Long.compare(a.push(), b.push()))
                    .forEach(merged::add);
            if (here < this.past.size() && there < other.past.size()) {
                merged.add(agreed((Past.Finished) this.past.get(here++), (Past.Finished) other.past.get(there++)));
            }
        }
        this.past.clear();
        this.past.addAll(merged);
    }

    private static int takeEnded(List<Past> past, int from, List<Past.Ended> into) {
        int index = from;
        while (index < past.size() && past.get(index) instanceof Past.Ended ended) {
            into.add(ended);
            index++;
        }
        return index;
    }

    private static Past.Finished agreed(Past.Finished one, Past.Finished other) {
        return one.equals(other)
                ? one
                : new Past.Finished(
                        one.unit(), new Outcome.Unknown("the replies do not tell which of two commands failed"));
    }

    void tell(ReplyAlignment.Sink sink) {
        if (this.past.isEmpty()) {
            return;
        }
        List<Past> settled = List.copyOf(this.past);
        this.past.clear();
        for (Past past : settled) {
            if (past instanceof Past.Finished finished) {
                sink.finished(finished.unit(), finished.outcome());
            } else if (past instanceof Past.Ended ended) {
                sink.endedByServer(ended.channel());
            }
        }
    }

    @Override
    public String toString() {
        return this.refusal == null ? this.at.toString() : "the fence of " + this.at;
    }
}
