package io.github.shardedpubsub.recovery;

/**
 * A shard channel is to have a history, and can have none: no key is certain to be in its slot.
 */
public class ShardHistoryImpossibleException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    private final String channel;

    /**
     * Creates the exception.
     *
     * @param channel the channel's name
     */
    public ShardHistoryImpossibleException(String channel) {
        super("The channel '" + channel
                + "' can have no history: it has no hash tag and cannot be one, because it is empty or has a '}', so that no key is"
                + " certain to be in its slot. Give the channel a hash tag, as in 'orders:{eu}', or leave it out of the patterns of"
                + " channels with recovery, or do without recovery there");
        this.channel = channel;
    }

    /**
     * The channel's name.
     */
    public String getChannel() {
        return this.channel;
    }
}
