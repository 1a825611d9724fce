package io.github.shardedpubsub.subscription;

import java.util.List;

/**
 * A page of the wanted channels that a query matches.
 *
 * @param matching how many there are on all pages
 * @param channels those of this page, ordered by name
 */
public record ChannelPage(int matching, List<ChannelStatus> channels) {

    /** Nothing matches. */
    public static final ChannelPage EMPTY = new ChannelPage(0, List.of());

    public ChannelPage {
        channels = List.copyOf(channels);
    }
}
