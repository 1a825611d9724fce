package io.github.shardedpubsub.pipe;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

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

    private SentPlace end = new SentPlace();

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
        if (!this.readings.get(0).foreignReplied()) {
            throw new OutOfStepException("a reply to another command, where " + this.readings + " was due");
        }
        this.foreignInFlight--;
    }

    /** A push such as {@code ssubscribe channel} was read. It is never unasked. */
    void subscribed(PubSubVerb verb, ChannelName channel) throws OutOfStepException {
        keep(reading -> reading.subscribed(verb, channel), () -> "a confirmation for " + channel);
    }

    /** A push such as {@code sunsubscribe channel} was read: a reply, or the server's own. */
    void unsubscribed(PubSubVerb verb, ChannelName channel) {
        this.pushes++;
        for (Reading reading : this.readings) {
            reading.unsubscribed(verb, channel, this.pushes);
        }
        tellWhatIsSettled();
    }

    /** A reply that is not a push was read, while a unit is due. */
    void replied(Reply reply) throws OutOfStepException {
        if (reply instanceof Reply.Echo echo) {
            keep(reading -> reading.echoed(echo.number()), () -> "the echo of PING " + echo.number());
        } else if (reply instanceof Reply.Failed failed) {
            failed(failed);
        } else if (reply instanceof Reply.Answer) {
            keep(reading -> reading.begun(reply), () -> "an answer to a plain command");
        } else {
            throw new OutOfStepException("a reply that answers nothing of ours, where " + this.readings + " was due");
        }
    }

    /** Whether the replies so far fit more than one reading, and nothing in flight is left that could decide. */
    boolean needsFence() {
        return this.readings.size() > 1 && this.readings.stream().anyMatch(reading -> reading.isAt(this.end));
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
        continueWith(next, () -> "the error '" + error.message() + "'");
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

    private void keep(Step step, Supplier<String> received) throws OutOfStepException {
        if (this.readings.size() == 1) {
            if (!step.fits(this.readings.get(0))) {
                throw notDue(received);
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

    private void continueWith(List<Reading> next, Supplier<String> received) throws OutOfStepException {
        if (next.isEmpty()) {
            throw notDue(received);
        }
        this.readings = next;
        refuseDoubtAboutForeignReplies();
        tellWhatIsSettled();
    }

    private OutOfStepException notDue(Supplier<String> received) {
        return new OutOfStepException(received.get() + ", where " + this.readings + " was due");
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
}
