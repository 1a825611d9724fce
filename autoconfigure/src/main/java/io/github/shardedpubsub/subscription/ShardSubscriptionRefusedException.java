package io.github.shardedpubsub.subscription;

/**
 * The server refuses to serve a shard channel to this user.
 */
public class ShardSubscriptionRefusedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String channel;

    /**
     * Creates the exception.
     *
     * @param channel the channel's name
     * @param node the node that refused
     * @param error the server's error line
     */
    public ShardSubscriptionRefusedException(String channel, NodeAddress node, String error) {
        super("The node " + node + " refuses the shard channel '" + channel + "': " + error
                + ". The user of this connection lacks a permission: it needs the commands SSUBSCRIBE, SUNSUBSCRIBE and PING"
                + " (+ssubscribe +sunsubscribe +ping) and the channel (&" + channel + " or a pattern that covers it)");
        this.channel = channel;
    }

    /**
     * The channel's name.
     */
    public String getChannel() {
        return this.channel;
    }
}
