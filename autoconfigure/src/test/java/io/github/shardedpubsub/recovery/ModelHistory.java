package io.github.shardedpubsub.recovery;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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

    long now() {
        return this.now;
    }

    int publishedCount() {
        return this.numbers;
    }

    int numberAt(StreamPosition position) {
        return Objects.requireNonNull(this.published.get(position), position::toString);
    }

    StreamPosition positionOf(int number) {
        return this.published.entrySet().stream()
                .filter(each -> each.getValue() == number)
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow();
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
        HistoryEntry last = this.stream.isEmpty() ? null : this.stream.get(this.stream.size() - 1);
        StreamPosition previous = last != null ? last.position() : StreamPosition.ORIGIN;
        LostWrites lost = lost(previous);
        boolean begins = lost != null || !previous.epoch().startsWith(prefix());
        String epoch = begins ? prefix() + String.format("%08x", ++this.epochs) : previous.epoch();
        long clock = this.now + this.clockOffset;
        StreamPosition position = clock > previous.millis()
                ? new StreamPosition(epoch, clock, 0)
                : new StreamPosition(epoch, previous.millis(), previous.sequence() + 1);
        Link link = new Link(previous, lost);
        int number = this.numbers++;
        byte[] payload = Integer.toString(number).getBytes(StandardCharsets.US_ASCII);
        this.stream.add(new HistoryEntry(position, begins ? link : null, payload));
        this.published.put(position, number);
        this.acknowledged = position;
        if (begins || position.millis() / RENEWAL != previous.millis() / RENEWAL) {
            this.expiresAt = this.now + EXPIRY + RENEWAL;
        }
        return envelope(position, link, payload);
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
    void failOver(int lost, long clockOffset) {
        for (int i = 0; i < lost && !this.stream.isEmpty(); i++) {
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
