package io.github.shardedpubsub.pipe;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A connection to one node, for shard channels. It knows nothing of slots: the channels of one call must hash to one slot,
 * or the server refuses them all.
 *
 * <p>Every call is sent as one unit with a numbered PING behind it, and its outcome is told when that fence has passed. The
 * futures never fail and are completed on the event loop; do not block there. A lost connection is opened again by Lettuce, and
 * nothing is kept over it: what was in flight is {@linkplain Outcome.Unknown unknown}, and every subscription is gone.
 *
 * <p>All methods may be called from any thread; units are sent in the order of the calls of one thread.
 */
public interface Pipe {

    /**
     * Sends {@code SSUBSCRIBE} with these channels, at least one, all of one slot.
     */
    CompletableFuture<Outcome> subscribe(List<ChannelName> channels);

    /**
     * Sends {@code SUNSUBSCRIBE} with these channels, at least one, all of one slot.
     */
    CompletableFuture<Outcome> unsubscribe(List<ChannelName> channels);

    /**
     * As {@link #subscribe}, at a node that is importing the slot and does not serve it yet: {@code ASKING} goes before it.
     */
    CompletableFuture<Outcome> subscribeAsking(List<ChannelName> channels);

    /**
     * As {@link #unsubscribe}, at a node that is importing the slot and does not serve it yet.
     */
    CompletableFuture<Outcome> unsubscribeAsking(List<ChannelName> channels);

    /**
     * Sends {@code SUBSCRIBE}, for a classic channel, on which every node of the cluster hears what is published at any. Its messages
     * are told as those of shard channels.
     */
    CompletableFuture<Outcome> subscribeClassic(ChannelName channel);

    /**
     * Sends a command that has nothing to do with subscribing. Where it succeeds, its outcome is {@link Outcome.Answered}.
     */
    CompletableFuture<Outcome> send(PlainCommand command);

    /**
     * Sends a PING alone. When it is confirmed, everything is told that the server had sent before it.
     */
    CompletableFuture<Outcome> fence();

    /**
     * Reads no further from the connection; what has been read is told still. At once where it is called on the event loop, while
     * a message is told. While that lasts nothing is answered, which is not
     * taken for a node that does not answer, and a closed connection may not be noticed. A connection that is opened anew is read.
     */
    void pauseReading();

    /**
     * Reads on after {@link #pauseReading()}.
     */
    void resumeReading();

    /**
     * Whether the connection stands and its handshake is over. It can be lost at any time after.
     */
    boolean isConnected();

    /**
     * Closes the connection if it stands; Lettuce opens it again. Returns at once.
     *
     * @param reason what {@link PipeListener#disconnected} is told
     */
    void reconnect(String reason);

    /**
     * Ends the pipe for good. The future is completed, normally in every case, when its socket is closed.
     */
    CompletableFuture<Void> closeAsync();
}
