package io.github.shardedpubsub.recovery;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The key of a channel's history, which is in the channel's slot: {@code sharded-pubsub:history:} and the channel, if that has a hash tag;
 * else {@code sharded-pubsub:history} and the channel as the hash tag, in braces. No two channels have the same.
 */
final class HistoryKey {

    /** Users who restrict keys must permit those that begin so. */
    static final String PREFIX = "sharded-pubsub:history";

    private static final byte[] PREFIX_BYTES = PREFIX.getBytes(StandardCharsets.US_ASCII);

    private static final String POSITION_PREFIX = "sharded-pubsub:position";

    private HistoryKey() {}

    /**
     * The key for a channel.
     *
     * @throws ShardHistoryImpossibleException for a channel without a hash tag that cannot be one, since it is empty or has a
     *     brace that would end it
     */
    static byte[] of(byte[] channel) {
        byte[] key = orNull(channel);
        if (key == null) {
            throw new ShardHistoryImpossibleException(new String(channel, StandardCharsets.UTF_8));
        }
        return key;
    }

    /**
     * The key in the same slot for the position of a listener there: the same with another beginning, and behind it a colon and the
     * listener's name, in which {@code %3A} stands for a colon, and {@code %25} for a percent sign. So no two have the same.
     *
     * @throws IllegalArgumentException as {@link #of}
     */
    static byte[] ofPosition(byte[] channel, String listener) {
        byte[] key = of(channel);
        byte[] prefix = POSITION_PREFIX.getBytes(StandardCharsets.US_ASCII);
        byte[] name = (":" + listener.replace("%", "%25").replace(":", "%3A")).getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(prefix.length + key.length - PREFIX_BYTES.length + name.length)
                .put(prefix)
                .put(key, PREFIX_BYTES.length, key.length - PREFIX_BYTES.length)
                .put(name)
                .array();
    }

    /** Null for a channel that can have none. */
    static byte @Nullable [] orNull(byte[] channel) {
        if (hasTag(channel)) {
            byte[] key = Arrays.copyOf(PREFIX_BYTES, PREFIX_BYTES.length + 1 + channel.length);
            key[PREFIX_BYTES.length] = ':';
            System.arraycopy(channel, 0, key, PREFIX_BYTES.length + 1, channel.length);
            return key;
        }
        if (channel.length == 0 || indexOf(channel, '}', 0) >= 0) {
            return null;
        }
        byte[] key = Arrays.copyOf(PREFIX_BYTES, PREFIX_BYTES.length + 2 + channel.length);
        key[PREFIX_BYTES.length] = '{';
        System.arraycopy(channel, 0, key, PREFIX_BYTES.length + 1, channel.length);
        key[key.length - 1] = '}';
        return key;
    }

    /** What is between the first opening brace and the first closing one behind it, if there is anything. */
    private static boolean hasTag(byte[] name) {
        int begin = indexOf(name, '{', 0);
        return begin >= 0 && indexOf(name, '}', begin + 1) > begin + 1;
    }

    private static int indexOf(byte[] name, char letter, int from) {
        for (int i = from; i < name.length; i++) {
            if (name[i] == letter) {
                return i;
            }
        }
        return -1;
    }
}
