package io.github.shardedpubsub.pipe;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * A {@link ReplyAlignment} used as {@link PipeCommandHandler} uses it: the command at the head of the queue says how a reply is
 * decoded, and a unit stays in the queue until it is finished.
 */
final class AlignedConnection {

    /** What was sent, in its order; empty for a command that is no unit. */
    final List<Optional<FencedUnit>> sent = new ArrayList<>();

    final List<Received> received = new ArrayList<>();

    /** How much had been sent when something was received: nothing sent later can have caused it. */
    final List<Integer> sentBefore = new ArrayList<>();

    final List<Told> told = new ArrayList<>();

    private final Deque<Optional<FencedUnit>> queue = new ArrayDeque<>();

    private final ReplyAlignment alignment = new ReplyAlignment(new ReplyAlignment.Sink() {

        @Override
        public void finished(FencedUnit unit, Outcome outcome) {
            unit.finish(outcome);
            AlignedConnection.this.told.add(new Told.Finished(unit, outcome));
        }

        @Override
        public void endedByServer(ChannelName channel) {
            AlignedConnection.this.told.add(new Told.Ended(channel));
        }
    });

    private long lastNumber;

    FencedUnit send(FencedUnit unit) {
        unit.sending(++this.lastNumber, 0);
        this.alignment.sent(unit);
        this.sent.add(Optional.of(unit));
        this.queue.add(Optional.of(unit));
        return unit;
    }

    void sendForeign() throws OutOfStepException {
        this.sent.add(Optional.empty());
        this.queue.add(Optional.empty());
        this.alignment.sentForeign();
    }

    boolean needsFence() {
        return this.alignment.needsFence();
    }

    void receive(Received what) throws OutOfStepException {
        this.received.add(what);
        this.sentBefore.add(this.sent.size());
        if (what instanceof Received.Confirmation confirmation) {
            this.alignment.subscribed(confirmation.channel());
        } else if (what instanceof Received.End end) {
            this.alignment.unsubscribed(end.channel());
        } else {
            reply(what);
        }
    }

    private void reply(Received what) throws OutOfStepException {
        Optional<FencedUnit> head = this.queue.peek();
        if (head == null) {
            throw new OutOfStepException("a reply where nothing was asked");
        }
        if (head.isEmpty()) {
            this.alignment.foreignReplied();
            this.queue.remove();
        } else if (what instanceof Received.Echo echo) {
            this.alignment.replied(new Reply.Echo(echo.number()));
        } else if (what instanceof Received.Failure failure) {
            this.alignment.replied(new Reply.Failed(failure.error()));
        } else if (what instanceof Received.Answer answer) {
            this.alignment.replied(new Reply.Answer(answer.text()));
        } else {
            this.alignment.replied(new Reply.Strange());
        }
        while (this.queue.peek() != null
                && this.queue.peek().map(FencedUnit::isDone).orElse(false)) {
            this.queue.remove();
        }
    }
}
