package io.github.shardedpubsub.pipe;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Every way to say of each thing received what it was, the server's own or a reply to something sent before, such that a server
 * that keeps the rules could have meant it. Found by trying all of them, with none of the alignment's ideas.
 *
 * <p>The rules: replies come in the order of what was sent. A plain command is answered by one answer or one error. A {@code SSUBSCRIBE} is answered by one confirmation a channel in
 * their order, or by one error; a {@code SUNSUBSCRIBE} by one push a channel, or by one error; a PING by its number or by one
 * error. Which errors are possible is {@link ReplyError#half()}'s word. Pushes {@code sunsubscribe} can also come unasked at any
 * time, but not between a reply to {@code SUNSUBSCRIBE} and its fence for the channel it has just ended.
 */
final class LegalAssignments {

    /**
     * One way to read what was received.
     *
     * @param outcomes of the units whose fence has passed
     * @param own positions of the pushes that the server sent on its own
     */
    record Assignment(Map<FencedUnit, Outcome> outcomes, Set<Integer> own) {}

    private final List<Optional<FencedUnit>> sent;

    private final List<Received> received;

    private final List<Integer> sentBefore;

    private final Set<Assignment> found = new HashSet<>();

    private final Map<FencedUnit, Outcome> outcomes = new HashMap<>();

    private final Set<Integer> own = new HashSet<>();

    private LegalAssignments(List<Optional<FencedUnit>> sent, List<Received> received, List<Integer> sentBefore) {
        this.sent = sent;
        this.received = received;
        this.sentBefore = sentBefore;
    }

    static Set<Assignment> of(AlignedConnection connection) {
        LegalAssignments search = new LegalAssignments(connection.sent, connection.received, connection.sentBefore);
        search.search(0, 0, List.of());
        return search.found;
    }

    /** Whether a server could send this next. */
    static boolean couldGoOnWith(AlignedConnection connection, Received next) {
        List<Received> received = new ArrayList<>(connection.received);
        received.add(next);
        List<Integer> sentBefore = new ArrayList<>(connection.sentBefore);
        sentBefore.add(connection.sent.size());
        LegalAssignments search = new LegalAssignments(connection.sent, received, sentBefore);
        search.search(0, 0, List.of());
        return !search.found.isEmpty();
    }

    /**
     * @param at the next thing received
     * @param due what was sent and is not answered in full
     * @param replies what was taken for a reply to its command already
     */
    private void search(int at, int due, List<Received> replies) {
        if (at == this.received.size()) {
            this.found.add(new Assignment(Map.copyOf(this.outcomes), Set.copyOf(this.own)));
            return;
        }
        Received what = this.received.get(at);
        if (what instanceof Received.End) {
            this.own.add(at);
            if (!endsWhatWasJustEnded(what, replies)) {
                search(at + 1, due, replies);
            }
            this.own.remove(at);
        }
        if (due >= this.sentBefore.get(at)) {
            return;
        }
        Optional<FencedUnit> unit = this.sent.get(due);
        if (unit.isEmpty()) {
            if (!what.isPush()) {
                search(at + 1, due + 1, List.of());
            }
            return;
        }
        List<Received> more = new ArrayList<>(replies);
        more.add(what);
        if (unit.get().beginsPlain() && replies.isEmpty()) {
            if (what instanceof Received.Answer || what instanceof Received.Failure) {
                search(at + 1, due, more);
            }
            return;
        }
        if (canAnswerCommand(unit.get(), behindThePlain(unit.get(), more))) {
            search(at + 1, due, more);
        }
        if (isAnswered(unit.get(), behindThePlain(unit.get(), replies)) && canAnswerPing(unit.get(), what)) {
            this.outcomes.put(unit.get(), outcome(unit.get(), replies));
            search(at + 1, due + 1, List.of());
            this.outcomes.remove(unit.get());
        }
    }

    private static boolean endsWhatWasJustEnded(Received what, List<Received> replies) {
        return replies.contains(what);
    }

    /** The replies to the pub/sub command alone. */
    private static List<Received> behindThePlain(FencedUnit unit, List<Received> replies) {
        return unit.beginsPlain() ? replies.subList(1, replies.size()) : replies;
    }

    private static Outcome outcome(FencedUnit unit, List<Received> replies) {
        if (unit.kind() == FencedUnit.Kind.PLAIN && replies.get(0) instanceof Received.Answer answer) {
            return new Outcome.Answered(answer.text());
        }
        List<Received> telling = unit.kind() == FencedUnit.Kind.PLAIN ? replies : behindThePlain(unit, replies);
        return telling.size() == 1 && telling.get(0) instanceof Received.Failure failure
                ? new Outcome.Refused(failure.error())
                : Outcome.CONFIRMED;
    }

    private static boolean canAnswerPing(FencedUnit unit, Received what) {
        return what instanceof Received.Echo echo && echo.number() == unit.number()
                || what instanceof Received.Failure failure && failure.error().half() != ReplyError.Half.COMMAND;
    }

    /** Whether these are the beginning of an answer to the unit's command, or the whole of it. */
    private static boolean canAnswerCommand(FencedUnit unit, List<Received> replies) {
        if (!unit.kind().isPubSub()) {
            return false;
        }
        if (replies.get(0) instanceof Received.Failure failure) {
            return replies.size() == 1 && failure.error().half() != ReplyError.Half.FENCE;
        }
        List<Received> all = success(unit);
        if (unit.kind() == FencedUnit.Kind.SUBSCRIBE) {
            return replies.size() <= all.size()
                    && all.subList(0, replies.size()).equals(replies);
        }
        return new HashSet<>(replies).size() == replies.size() && all.containsAll(replies);
    }

    private static boolean isAnswered(FencedUnit unit, List<Received> replies) {
        return !unit.kind().isPubSub()
                || replies.size() == 1 && replies.get(0) instanceof Received.Failure
                || replies.size() == unit.channels().size() && !Collections.disjoint(replies, success(unit));
    }

    private static List<Received> success(FencedUnit unit) {
        boolean subscribe = unit.kind() == FencedUnit.Kind.SUBSCRIBE;
        return unit.channels().stream()
                .<Received>map(channel -> subscribe ? new Received.Confirmation(channel) : new Received.End(channel))
                .toList();
    }
}
