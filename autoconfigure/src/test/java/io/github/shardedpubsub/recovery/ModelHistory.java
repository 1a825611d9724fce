package io.github.shardedpubsub.recovery;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A channel's history as servers and one publisher keep it, with everything that can become of it. Messages are numbers. */
final class ModelHistory {

    static final long EXPIRY = 20_000;

    /** The expiry is set with the first message of each such time. */
    private static final long RENEWAL = 1_000;

    /** What is kept, in its order. */
    private final List<HistoryEntry> stream = new ArrayList<>();

    /** Which message was where, also of those that are kept no more. */
    private final Map<StreamPosition, Integer> published = new HashMap<>();

    private long now = 1_000_000;

    /** Of the node that serves it now, in comparison to {@link #now}. */
    private long clockOffset;

    private int node = 1;

    private int epochs;

    private long expiresAt;

    private @Nullable StreamPosition acknowledged;

    private int numbers;

    private int deletions;

    /** What a master goes on with that has been replaced without knowing; null if there is none. */
    private @Nullable Replaced replaced;

    /** Whether anything is published since. */
    private boolean publishedSince;

    /** Messages without an answer, which may be missing. */
    private final Set<Integer> unanswered = new HashSet<>();

    private record Replaced(List<HistoryEntry> stream, String prefix, long clockOffset, List<Integer> sent) {}

    long now() {
        return this.now;
    }

    int publishedCount() {
        return this.numbers;
    }

    int numberAt(StreamPosition position) {
        return Objects.requireNonNull(this.published.get(position), position::toString);
    }

    Map<StreamPosition, Integer> published() {
        return this.published;
    }

    void pass(long millis) {
        this.now += millis;
        if (this.now >= this.expiresAt) {
            this.stream.clear();
        }
    }

    /** As the script does it. Returns what is published. */
    byte[] publish() {
        StreamPosition previous = last(this.stream);
        ShardEnvelope written = write(this.stream, prefix(), this.clockOffset, lost(previous), this.numbers++);
        StreamPosition position = written.position();
        this.acknowledged = position;
        this.publishedSince = true;
        if (!position.epoch().equals(previous.epoch()) || position.millis() / RENEWAL != previous.millis() / RENEWAL) {
            this.expiresAt = this.now + EXPIRY + RENEWAL;
        }
        return written.message();
    }

    private static StreamPosition last(List<HistoryEntry> stream) {
        return stream.isEmpty()
                ? StreamPosition.ORIGIN
                : stream.get(stream.size() - 1).position();
    }

    private ShardEnvelope write(
            List<HistoryEntry> stream, String prefix, long clockOffset, @Nullable LostWrites lost, int number) {
        StreamPosition previous = last(stream);
        boolean begins = lost != null || !previous.epoch().startsWith(prefix);
        String epoch = begins ? prefix + String.format("%08x", ++this.epochs) : previous.epoch();
        long clock = this.now + clockOffset;
        StreamPosition position = clock > previous.millis()
                ? new StreamPosition(epoch, clock, 0)
                : new StreamPosition(epoch, previous.millis(), previous.sequence() + 1);
        Link link = new Link(previous, lost);
        byte[] payload = Integer.toString(number).getBytes(StandardCharsets.US_ASCII);
        stream.add(new HistoryEntry(position, begins ? link : null, payload));
        this.published.put(position, number);
        return Objects.requireNonNull(ShardEnvelope.parse(envelope(position, link, payload)));
    }

    /** Something is sent to the master that was replaced, which will not answer; not when the publisher knows another one. */
    void sendToReplaced() {
        if (this.replaced != null && !this.publishedSince) {
            this.unanswered.add(this.numbers);
            this.replaced.sent().add(this.numbers++);
        }
    }

    /** It takes what was sent to it, and hears then that it is none. Returns what is published. */
    List<byte[]> takeLate() {
        Replaced late = this.replaced;
        this.replaced = null;
        List<byte[]> taken = new ArrayList<>();
        if (late != null) {
            for (int number : late.sent()) {
                taken.add(write(late.stream(), late.prefix(), late.clockOffset(), null, number)
                        .message());
            }
        }
        return taken;
    }

    Set<Integer> unanswered() {
        return this.unanswered;
    }

    private String prefix() {
        return String.format("%08x", this.node);
    }

    private @Nullable LostWrites lost(StreamPosition previous) {
        StreamPosition ack = this.acknowledged;
        if (ack == null) {
            return null;
        }
        StreamPosition after = null;
        if (ack.epoch().equals(previous.epoch())) {
            after = previous.isBefore(ack) ? previous : null;
        } else if (this.stream.stream().noneMatch(entry -> entry.position().equals(ack))) {
            List<HistoryEntry> older = this.stream.stream()
                    .filter(entry -> entry.position().isBefore(ack))
                    .toList();
            if (!older.isEmpty()) {
                after = older.get(older.size() - 1).position();
            } else {
                Long gone = this.stream.isEmpty()
                        ? (Long) (this.now + this.clockOffset)
                        : this.stream.get(0).isFirst()
                                ? (Long) this.stream.get(0).position().millis()
                                : null;
                after = gone != null && gone + 1000 < ack.millis() + EXPIRY ? StreamPosition.ORIGIN : null;
            }
        }
        // the ids are those of the lost one's epoch, as the envelope has them
        return after == null
                ? null
                : new LostWrites(new StreamPosition(ack.epoch(), after.millis(), after.sequence()), ack);
    }

    private static byte[] envelope(StreamPosition position, Link link, byte[] payload) {
        String previous = link.previous().epoch().equals(position.epoch())
                ? "="
                : link.previous().epoch();
        LostWrites lost = link.lost();
        String line = "\u00f5SPSR1 " + position.epoch() + " " + position.id() + " " + previous + " "
                + link.previous().id()
                + (lost == null
                        ? ""
                        : " " + lost.upTo().epoch() + " " + lost.after().id() + " "
                                + lost.upTo().id())
                + "\n"
                + new String(payload, StandardCharsets.US_ASCII);
        return line.getBytes(StandardCharsets.ISO_8859_1);
    }

    List<HistoryEntry> read(HistoryRequest request) {
        List<HistoryEntry> found = new ArrayList<>();
        if (request.kind() == HistoryRequest.Kind.FORWARD) {
            this.stream.stream()
                    .filter(entry -> !entry.position().isBefore(request.from()))
                    .limit(request.count())
                    .forEach(found::add);
            return found;
        }
        for (int i = this.stream.size() - 1; i >= 0 && found.size() < request.count(); i--) {
            HistoryEntry entry = this.stream.get(i);
            if (request.kind() == HistoryRequest.Kind.LAST || entry.position().isBefore(request.from())) {
                found.add(entry);
            }
        }
        return found;
    }

    /** The slot is another node's. */
    void move() {
        this.node++;
    }

    /** A replica that is so many messages behind takes over, and its clock is another. */
    void failOver(int lost, int kept, long clockOffset) {
        this.publishedSince = false;
        this.replaced = new Replaced(new ArrayList<>(this.stream), prefix(), this.clockOffset, new ArrayList<>());
        for (int i = 0; i < lost && this.stream.size() > kept; i++) {
            this.stream.remove(this.stream.size() - 1);
        }
        this.clockOffset = clockOffset;
        this.node++;
    }

    void trim(int count) {
        for (int i = 0; i < count && this.stream.size() > 1; i++) {
            this.stream.remove(0);
        }
    }

    void delete() {
        this.stream.clear();
        this.deletions++;
    }

    int deletions() {
        return this.deletions;
    }
}
