package io.github.shardedpubsub.recovery;

import org.jspecify.annotations.Nullable;

/**
 * What a message says of the one before it.
 *
 * @param previous the place of the message before it; the origin for the first one of a history
 * @param lost what the publisher has found lost just then, null for nothing
 */
record Link(StreamPosition previous, @Nullable LostWrites lost) {

    private static final int PLAIN = 2;

    private static final int WITH_LOST_WRITES = 5;

    /**
     * Reads {@code epoch id}, or the same with {@code epoch after upTo} of what is lost behind it.
     *
     * @param own the epoch that {@code =} stands for, null where it may not be used
     */
    static @Nullable Link parse(String[] words, int from, @Nullable String own) {
        int count = words.length - from;
        if (count != PLAIN && count != WITH_LOST_WRITES) {
            return null;
        }
        String epoch = words[from].equals("=") && own != null ? own : words[from];
        StreamPosition previous = StreamPosition.of(epoch, words[from + 1]);
        if (previous == null) {
            return null;
        }
        if (count == PLAIN) {
            return new Link(previous, null);
        }
        LostWrites lost = LostWrites.of(words[from + 2], words[from + 3], words[from + 4]);
        return lost == null ? null : new Link(previous, lost);
    }
}
