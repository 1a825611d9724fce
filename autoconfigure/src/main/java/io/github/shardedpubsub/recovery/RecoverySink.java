package io.github.shardedpubsub.recovery;

/**
 * Takes the messages of one channel for one listener. Called by one thread at a time, event loops among them, which must not be blocked.
 */
public interface RecoverySink {

    /**
     * Whether one more message can be taken. If not, {@link ChannelRecovery#room()} has to be called when there is room again.
     */
    boolean hasRoom();

    /**
     * Takes a message, which {@link HistoryMessage#open} opens.
     */
    void message(byte[] message);

    /**
     * So many messages that have no history came when there was no room for them.
     */
    void dropped(int count);
}
