package io.github.shardedpubsub.publisher;

import io.github.shardedpubsub.recovery.ShardHistory;
import io.github.shardedpubsub.recovery.ShardHistoryRefusedException;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.protocol.CommandType;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.util.context.ContextView;

/**
 * A message on its way, until it is published or given up. It is with one thread at a time: the one that publishes, an event loop, or
 * the timer; only the answer may be cancelled by any.
 */
final class Publication {

    private static final Log logger = LogFactory.getLog(Publication.class);

    /** A command, or what a script was denied, a command, a key or a channel: as Redis 7.0 says it, and as later servers do. */
    private static final Pattern DENIED =
            Pattern.compile("^NOPERM |The user executing the script can't |ACL failure in script: ");

    private final String channel;

    private final byte[] channelName;

    /** As it is sent. */
    private byte[] payload;

    private final PublishObserver observer;

    private final long begin = System.nanoTime();

    private PublishInterceptor.@Nullable Publishing publishing;

    private final CompletableFuture<Long> answer = new CompletableFuture<>();

    /** Null for a channel without a history. */
    private final ShardHistory.@Nullable HistoryWrite history;

    /** A node did not know the script. */
    private boolean bringsScript;

    private int refusals;

    private long firstRefusal;

    Publication(String channel, byte[] payload, PublishObserver observer, ShardHistory.@Nullable HistoryWrite history) {
        this.channel = channel;
        this.channelName = channel.getBytes(StandardCharsets.UTF_8);
        this.payload = payload;
        this.observer = observer;
        this.history = history;
    }

    /** Before it is sent for the first time. */
    void begin(PublishInterceptor interceptor, @Nullable ContextView caller) {
        PublishInterceptor.Publishing begun = interceptor.begin(this.channel, this.payload, caller);
        if (begun != null) {
            this.publishing = begun;
            this.payload = begun.payload();
        }
    }

    String channel() {
        return this.channel;
    }

    int slot() {
        return SlotHash.getSlot(this.channelName);
    }

    boolean hasHistory() {
        return this.history != null;
    }

    /**
     * A command for one attempt.
     *
     * @param withScript whether the node may not know the script yet
     */
    AtMostOncePublish command(boolean withScript) {
        ShardHistory.HistoryWrite write = this.history;
        if (write == null) {
            return new AtMostOncePublish(this.channelName, this.payload);
        }
        boolean whole = withScript || this.bringsScript;
        return AtMostOncePublish.script(
                whole ? CommandType.EVAL : CommandType.EVALSHA, write.arguments(this.payload, whole));
    }

    /** How many replicas it has to be at before it is done with. */
    int replicas() {
        return this.history != null ? this.history.replicas() : 0;
    }

    /** A command that waits for these, to be sent behind that which publishes; null if there are none. */
    @Nullable
    AtMostOncePublish replication() {
        // on another connection it would be answered at once, for nothing was written there: it must not be sent twice
        return this.history != null && this.history.replicas() > 0
                ? AtMostOncePublish.script(CommandType.WAIT, this.history.replication())
                : null;
    }

    /** A node took it. */
    void answered(AtMostOncePublish command) {
        if (this.history != null) {
            this.history.answered(command.texts());
        }
    }

    /** The same refusal, with what is needed for a history where a permission is missing. */
    RedisCommandExecutionException explained(RedisCommandExecutionException refusal) {
        String error = String.valueOf(refusal.getMessage());
        // without a cause, which would be shown in its stead
        return hasHistory() && DENIED.matcher(error).find()
                ? new RedisCommandExecutionException(error + " (the shard channel '" + this.channel
                        + "' is published to with recovery, and nothing was published: besides the channel, the user needs "
                        + ShardHistoryRefusedException.RULES + " +spublish)")
                : refusal;
    }

    /** Has the script sent with it. Returns false if it was already. */
    boolean bringScript() {
        boolean before = this.bringsScript;
        this.bringsScript = true;
        return !before && hasHistory();
    }

    /** Completed with the number of receivers, or with what Lettuce threw. Cancelled, the message is not offered again. */
    CompletableFuture<Long> answer() {
        return this.answer;
    }

    /**
     * Counts a refusal.
     *
     * @return how many there have been, at least 1
     */
    int refused() {
        if (this.refusals == 0) {
            this.firstRefusal = System.nanoTime();
        }
        return ++this.refusals;
    }

    /** Time since it was first refused. */
    Duration refusedFor() {
        return Duration.ofNanos(System.nanoTime() - this.firstRefusal);
    }

    void published(long receivers) {
        finished(PublishOutcome.PUBLISHED, receivers, null);
        this.answer.complete(receivers);
    }

    void failed(Throwable failure, PublishOutcome outcome) {
        finished(outcome, 0, failure);
        this.answer.completeExceptionally(failure);
    }

    private void finished(PublishOutcome outcome, long receivers, @Nullable Throwable failure) {
        this.observer.finished(this.channel, outcome, receivers, Duration.ofNanos(System.nanoTime() - this.begin));
        PublishInterceptor.Publishing publishing = this.publishing;
        if (publishing != null) {
            try {
                publishing.end(
                        outcome, receivers, failure != null ? ShardedPublisher.translate(this.channel, failure) : null);
            } catch (RuntimeException ex) {
                logger.error("An interceptor of a publisher must not throw: " + publishing, ex);
            }
        }
    }
}
