package io.github.shardedpubsub.pipe;

import java.time.Duration;

/**
 * What a {@link Pipe} tells, on its event loop, and for each channel in the order of the stream. An ending that falls into the time of
 * an unsubscribe is told when the fence has shown what it was, and so behind what other channels got meanwhile. Implementations must
 * neither block nor throw.
 */
public interface PipeListener {

    /**
     * The connection stands, for the first time or again, and holds no subscription. Not called after {@link Pipe#closeAsync()}.
     */
    void connected();

    /**
     * The first connection could not be opened, and the pipe is closed. It is told instead of {@link #connected()}; a later
     * failure to connect <em>again</em> is not told, since Lettuce goes on trying.
     *
     * @param cause what Lettuce or the server said
     */
    void connectFailed(Throwable cause);

    /**
     * The connection is gone, and with it every subscription. Told before the outcomes of what was in flight.
     *
     * @param reason why, for people
     */
    void disconnected(String reason);

    /**
     * The channels whose messages are to come by them, and not by their names: asked for once a connection. By default there are none.
     */
    default ChannelTable<?> channels() {
        return new ChannelTable<>();
    }

    /**
     * A message. It can come before the subscribe it belongs to is confirmed.
     *
     * @param payload for the receiver to keep
     */
    void message(ChannelName channel, byte[] payload);

    /**
     * A message of one of the {@link #channels()}, as {@link #message(ChannelName, byte[])}.
     */
    default void message(PipeChannel channel, byte[] payload) {
        message(channel.name(), payload);
    }

    /**
     * The server has ended the subscription on its own, as it does when the slot moves away.
     */
    void endedByServer(ChannelName channel);

    /**
     * A subscribe or unsubscribe has been answered, or given up.
     *
     * @param took from its sending to its fence
     */
    default void unitFinished(Outcome outcome, Duration took) {}

    /**
     * Replies came that cannot belong to what was sent. The connection is being closed; {@link #disconnected} follows.
     *
     * @param seen what was received, and what was due
     */
    default void outOfStep(String seen) {}
}
