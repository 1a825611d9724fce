package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.ChannelName;
import org.jspecify.annotations.Nullable;

/**
 * Which of the wanted channels are to be shown: a page, ordered by name, of those that are as is said here.
 *
 * @param node the node that has confirmed the channel or was asked last; null for any
 * @param state how it stands; null for any
 * @param prefix what its name begins with; null for any
 * @param offset how many of them come before the page, 0 for none
 * @param limit how many the page has at most
 */
public record ChannelQuery(
        @Nullable NodeAddress node,
        @Nullable ChannelState state,
        @Nullable ChannelName prefix,
        int offset,
        int limit) {

    public ChannelQuery {
        if (offset < 0 || limit < 0) {
            throw new IllegalArgumentException(
                    "A page is of 0 or more channels behind 0 or more, not of " + limit + " behind " + offset);
        }
    }

    /** Of all channels. */
    public static ChannelQuery all(int limit) {
        return new ChannelQuery(null, null, null, 0, limit);
    }

    boolean matches(ChannelName name, Standing standing) {
        return (this.state == null || this.state == standing.state())
                && (this.node == null || this.node.equals(standing.node()))
                && (this.prefix == null || name.startsWith(this.prefix));
    }
}
