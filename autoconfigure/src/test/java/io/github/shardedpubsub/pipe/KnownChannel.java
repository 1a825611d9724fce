package io.github.shardedpubsub.pipe;

/** Equal to itself alone. */
final class KnownChannel implements PipeChannel {

    private final ChannelName name;

    KnownChannel(String name) {
        this.name = ChannelName.of(name);
    }

    @Override
    public ChannelName name() {
        return this.name;
    }
}
