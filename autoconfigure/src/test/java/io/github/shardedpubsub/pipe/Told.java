package io.github.shardedpubsub.pipe;

/** One thing that the alignment has told. */
sealed interface Told {

    record Finished(FencedUnit unit, Outcome outcome) implements Told {}

    record Ended(ChannelName channel) implements Told {}
}
