package io.github.shardedpubsub.subscription.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.Interruption;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;

/**
 * One channel, the numbers that were published on it and those that came.
 *
 * <p>The next number goes out when the server has answered for the last one, so that the numbers must come ascending. What the server
 * did not answer for may have been published or not: it may be missing, but not come twice.
 */
final class NumberedChannel {

    /**
     * A message for which the server has answered.
     *
     * @param sent before which it was not published
     * @param answered after which it was not published
     */
    private record Published(int number, Instant sent, Instant answered) {

        /** Whether it may have been published while the interruption lasted. */
        boolean during(Interruption interruption, Duration before, Duration after) {
            Duration lasted = interruption.duration();
            boolean afterItsBegin = !this.answered.isBefore(interruption.since().minus(before));
            boolean beforeItsEnd = lasted == null
                    || !this.sent.isAfter(interruption.since().plus(lasted).plus(after));
            return afterItsBegin && beforeItsEnd;
        }
    }

    private record Received(int number, Instant at) {}

    private final ChannelName name;

    private final StatefulRedisClusterConnection<String, String> publisher;

    private final Queue<Published> published = new ConcurrentLinkedQueue<>();

    private final Queue<Received> received = new ConcurrentLinkedQueue<>();

    private volatile int next;

    private volatile int lastReceived = -1;

    private volatile CompletionStage<?> pending = CompletableFuture.completedFuture(null);

    NumberedChannel(ChannelName name, StatefulRedisClusterConnection<String, String> publisher) {
        this.name = name;
        this.publisher = publisher;
    }

    ChannelName name() {
        return this.name;
    }

    /** On an event loop. */
    void received(ChannelName channel, byte[] payload) {
        int number = Integer.parseInt(new String(payload, StandardCharsets.US_ASCII));
        this.received.add(new Received(number, Instant.now()));
        this.lastReceived = number;
    }

    /** On the one thread that publishes. */
    void publishNext() {
        if (isPublishing()) {
            return;
        }
        int number = this.next;
        this.next = number + 1;
        Instant sent = Instant.now();
        this.pending = this.publisher
                .async()
                .spublish(this.name.toString(), Integer.toString(number))
                .whenComplete((receivers, failure) -> {
                    if (failure == null) {
                        this.published.add(new Published(number, sent, Instant.now()));
                    }
                });
    }

    boolean isPublishing() {
        return !this.pending.toCompletableFuture().isDone();
    }

    /** Fails until a number has come that was not sent yet when this was called. */
    Runnable arrivalFromNow() {
        int from = this.next;
        return () -> assertThat(this.lastReceived)
                .as("the last number that came on '%s'", this.name)
                .isGreaterThanOrEqualTo(from);
    }

    void assertNothingTwice() {
        assertThat(this.received.stream().map(Received::number))
                .as("what came on '%s'", this.name)
                .doesNotHaveDuplicates();
    }

    void assertAscending() {
        Set<Integer> answered = this.published.stream().map(Published::number).collect(Collectors.toSet());
        assertThat(this.received.stream().map(Received::number).filter(answered::contains))
                .as("what came on '%s'", this.name)
                .isSorted();
    }

    void assertMissingOnlyDuring(List<Interruption> interruptions, Duration before, Duration after) {
        assertThat(missing())
                .as("what is missing on '%s', interrupted %s", this.name, interruptions)
                .allMatch(message ->
                        interruptions.stream().anyMatch(interruption -> message.during(interruption, before, after)));
    }

    private List<Published> missing() {
        Set<Integer> came = new HashSet<>();
        this.received.forEach(message -> came.add(message.number()));
        return this.published.stream()
                .filter(message -> !came.contains(message.number()))
                .toList();
    }

    int lost() {
        return missing().size();
    }

    int published() {
        return this.published.size();
    }

    /** Between one message and the next. */
    Duration longestSilence() {
        Duration longest = Duration.ZERO;
        Instant last = null;
        for (Received message : this.received) {
            if (last != null) {
                Duration silence = Duration.between(last, message.at());
                longest = longest.compareTo(silence) < 0 ? silence : longest;
            }
            last = message.at();
        }
        return longest;
    }
}
