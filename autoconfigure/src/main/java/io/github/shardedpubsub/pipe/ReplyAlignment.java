package io.github.shardedpubsub.pipe;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decides which reply belongs to which unit, and which {@code sunsubscribe} the server sent on its own.
 *
 * <p>On the wire a reply does not say whose it is, and a command that succeeds is answered by pushes alone, which also come
 * unasked. So this keeps every {@linkplain Reading reading} of the stream that what was received allows. Nearly always there is
 * one. An error that the pub/sub command or its PING could have got makes two of one; the echo of a number, which belongs to one
 * PING only, or a push that does not fit, ends all but one again. Outcomes are told when one reading is left. When none is left,
 * the replies cannot belong to what was sent: the stream is out of step and the connection must be closed.
 *
 * <p>Plain Java without threads or I/O. Confined to the event loop of one connection, and it never outlives that connection.
 */
final class ReplyAlignment {

    /** What is told, in the order of the stream. */
    interface Sink {

        /** The unit's fence has passed. */
        void finished(FencedUnit unit, Outcome outcome);

        /** The server has ended the subscription on its own. */
        void endedByServer(ChannelName channel);
    }

    private final Sink sink;

    private Sent end = new Sent();

    private List<Reading> readings = List.of(new Reading(this.end));

    private int foreignInFlight;

    private long pushes;

    ReplyAlignment(Sink sink) {
        this.sink = sink;
    }

    /** The unit has been written, behind everything written before. */
    void sent(FencedUnit unit) {
        this.end = this.end.fill(unit);
    }

    /** A command that is no unit (one of Lettuce's own) has been written; it gets exactly one reply. */
    void sentForeign() throws OutOfStepException {
        this.foreignInFlight++;
        this.end = this.end.fill(null);
        refuseDoubtAboutForeignReplies();
    }

    /** A command that is no unit has got its reply. */
    void foreignReplied() throws OutOfStepException {
        Reading reading = this.readings.get(0);
        if (!reading.at.isForeign()) {
            throw new OutOfStepException("a reply to another command, where " + this.readings + " was due");
        }
        this.foreignInFlight--;
        reading.at = reading.at.next();
    }

    /** A push {@code ssubscribe channel} was read. It is never unasked. */
    void subscribed(ChannelName channel) throws OutOfStepException {
        keep(reading -> reading.subscribed(channel), "a confirmation for " + channel);
    }

    /** A push {@code sunsubscribe channel} was read: a reply, or the server's own. */
    void unsubscribed(ChannelName channel) {
        this.pushes++;
        for (Reading reading : this.readings) {
            reading.unsubscribed(channel, this.pushes);
        }
        tellWhatIsSettled();
    }

    /** A reply that is not a push was read, while a unit is due. */
    void replied(Reply reply) throws OutOfStepException {
        if (reply instanceof Reply.Echo echo) {
            keep(reading -> reading.echoed(echo.number()), "the echo of PING " + echo.number());
        } else if (reply instanceof Reply.Failed failed) {
            failed(failed);
        } else if (reply instanceof Reply.Answer) {
            keep(reading -> reading.begun(reply), "an answer to a plain command");
        } else {
            throw new OutOfStepException("a reply that answers nothing of ours, where " + this.readings + " was due");
        }
    }

    /** Whether the replies so far fit more than one reading, and nothing in flight is left that could decide. */
    boolean needsFence() {
        return this.readings.size() > 1 && this.readings.stream().anyMatch(reading -> reading.at == this.end);
    }

    private void failed(Reply.Failed reply) throws OutOfStepException {
        ReplyError error = reply.error();
        List<Reading> next = new ArrayList<>(2);
        for (Reading reading : this.readings) {
            if (reading.begun(reply)) {
                join(next, reading);
                continue;
            }
            boolean commands = reading.canBeCommands(error);
            boolean fences = reading.canBeFences(error);
            // the copy is made first: both continue from the same past
            Reading other = commands && fences ? new Reading(reading) : reading;
            if (commands) {
                reading.refused(error);
                join(next, reading);
            }
            if (fences) {
                other.passed();
                join(next, other);
            }
        }
        continueWith(next, "the error '" + error.message() + "'");
    }

    /** Two readings that have come to the same place go on as one, which claims only what both of them say. */
    private static void join(List<Reading> readings, Reading joining) {
        for (Reading reading : readings) {
            if (reading.isAtSamePlace(joining)) {
                reading.mergePast(joining);
                return;
            }
        }
        readings.add(joining);
    }

    private interface Step {

        boolean fits(Reading reading);
    }

    private void keep(Step step, String received) throws OutOfStepException {
        if (this.readings.size() == 1) {
            if (!step.fits(this.readings.get(0))) {
                throw new OutOfStepException(received + ", where " + this.readings + " was due");
            }
            tellWhatIsSettled();
            return;
        }
        List<Reading> next = new ArrayList<>(2);
        for (Reading reading : this.readings) {
            if (step.fits(reading)) {
                join(next, reading);
            }
        }
        continueWith(next, received);
    }

    private void continueWith(List<Reading> next, String received) throws OutOfStepException {
        if (next.isEmpty()) {
            throw new OutOfStepException(received + ", where " + this.readings + " was due");
        }
        this.readings = next;
        refuseDoubtAboutForeignReplies();
        tellWhatIsSettled();
    }

    /** A reply must be decoded for the command it belongs to, which one cannot do while several are possible. */
    private void refuseDoubtAboutForeignReplies() throws OutOfStepException {
        if (this.readings.size() > 1 && this.foreignInFlight > 0) {
            throw new OutOfStepException("replies that fit " + this.readings + " with another command in flight");
        }
    }

    private void tellWhatIsSettled() {
        if (this.readings.size() == 1) {
            this.readings.get(0).tell(this.sink);
        }
    }

    /** A place in the order of what was sent: filled once something is sent there, the last one always empty. */
    private static final class Sent {

        private @Nullable FencedUnit unit;

        private @Nullable Sent next;

        Sent fill(@Nullable FencedUnit unit) {
            this.unit = unit;
            this.next = new Sent();
            return this.next;
        }

        @Nullable
        FencedUnit unit() {
            return this.unit;
        }

        boolean isForeign() {
            return this.next != null && this.unit == null;
        }

        Sent next() {
            if (this.next == null) {
                throw new IllegalStateException("Nothing was sent here");
            }
            return this.next;
        }

        @Override
        public String toString() {
            return this.next == null ? "nothing" : this.unit != null ? this.unit.toString() : "another command";
        }
    }

    /** Something to tell, held back while it is in doubt. */
    private sealed interface Past {

        record Finished(FencedUnit unit, Outcome outcome) implements Past {}

        record Ended(long push, ChannelName channel) implements Past {}
    }

    /** One way to read what was received: whose reply comes next, and what all the replies before it meant. */
    private static final class Reading {

        private Sent at;

        /** The reply to the plain command that the unit begins with, once it is there. */
        private @Nullable Reply first;

        /** The error of the unit's own command; its fence is due. */
        private @Nullable ReplyError refusal;

        /** How many of a subscribe's channels are confirmed; the server does it in their order. */
        private int confirmed;

        /** The {@code sunsubscribe}s for the unit's channels, of which the fence will tell what they were. */
        private final List<Past.Ended> held;

        private final List<Past> past;

        Reading(Sent at) {
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

        boolean subscribed(ChannelName channel) {
            FencedUnit unit = this.at.unit();
            if (unit == null
                    || isBeginningDue(unit)
                    || unit.kind() != FencedUnit.Kind.SUBSCRIBE
                    || this.refusal != null
                    || this.confirmed == unit.channels().size()
                    || !unit.channels().get(this.confirmed).equals(channel)) {
                return false;
            }
            this.confirmed++;
            return true;
        }

        void unsubscribed(ChannelName channel, long push) {
            Past.Ended ended = new Past.Ended(push, channel);
            // what concerns the unit is told with it: as its reply, or behind the confirmation that it ends
            if (concernsUnit(channel)) {
                this.held.add(ended);
            } else {
                this.past.add(ended);
            }
        }

        private boolean concernsUnit(ChannelName channel) {
            FencedUnit unit = this.at.unit();
            if (unit == null || isBeginningDue(unit) || this.refusal != null) {
                return false;
            }
            return switch (unit.kind()) {
                case SUBSCRIBE -> unit.channels().subList(0, this.confirmed).contains(channel);
                case UNSUBSCRIBE -> unit.channels().contains(channel);
                case PLAIN, FENCE -> false;
            };
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
            return unit != null
                    && (this.refusal != null || isAnswered(unit))
                    && error.half() != ReplyError.Half.COMMAND;
        }

        /** Whether all has come that the unit is answered by before its fence, where its command succeeds. */
        private boolean isAnswered(FencedUnit unit) {
            if (isBeginningDue(unit)) {
                return false;
            }
            return switch (unit.kind()) {
                case SUBSCRIBE -> this.confirmed == unit.channels().size();
                case UNSUBSCRIBE -> unit.channels().stream().allMatch(this::holds);
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
            if (unit.kind() == FencedUnit.Kind.UNSUBSCRIBE) {
                // of each channel's pushes the last one is the reply, those before it were the server's own
                for (int i = 0; i < this.held.size(); i++) {
                    if (comesAgain(i)) {
                        this.past.add(this.held.get(i));
                    }
                }
                this.past.add(new Past.Finished(unit, outcome));
            } else {
                this.past.add(new Past.Finished(unit, outcome));
                this.past.addAll(this.held);
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

        void tell(Sink sink) {
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
}
