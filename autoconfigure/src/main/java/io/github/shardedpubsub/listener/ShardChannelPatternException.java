package io.github.shardedpubsub.listener;

/**
 * A listener was to be added for a pattern, and sharded pub/sub has none.
 */
public class ShardChannelPatternException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param pattern as it was given
     */
    public ShardChannelPatternException(String pattern) {
        super("'" + pattern
                + "' is a pattern, and sharded pub/sub has none: a listener gets the channels that it names. Name each"
                + " channel exactly. If it is a channel, with '*', '?' or '[' in its name, add the listener with"
                + " ChannelTopic.of(…): in an annotation Spring Data takes such a name for a pattern");
    }
}
