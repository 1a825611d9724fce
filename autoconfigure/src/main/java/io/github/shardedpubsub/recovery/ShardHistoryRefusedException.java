package io.github.shardedpubsub.recovery;

/**
 * The server refuses to let this user read the history of a shard channel.
 */
public class ShardHistoryRefusedException extends RuntimeException {

    /** The rules that a user needs besides those for publishing and listening, as {@code ACL SETUSER} takes them. */
    public static final String RULES =
            "~" + HistoryKey.PREFIX + "* +eval +evalsha +xadd +xrange +xrevrange +pexpire +time +wait";

    private static final long serialVersionUID = 1L;

    private final String channel;

    /**
     * Creates the exception.
     *
     * @param channel the channel's name
     * @param error the server's error line
     */
    public ShardHistoryRefusedException(String channel, String error) {
        super("The history of the shard channel '" + channel + "' may not be read: " + error
                + ". The channel is one with recovery, and the user of this connection lacks a permission for that: it needs "
                + RULES);
        this.channel = channel;
    }

    /**
     * The channel's name.
     */
    public String getChannel() {
        return this.channel;
    }
}
