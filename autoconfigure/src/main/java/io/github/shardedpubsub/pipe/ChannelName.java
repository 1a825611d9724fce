package io.github.shardedpubsub.pipe;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The name of a shard channel, as the bytes that go over the wire. Immutable; two names are equal when their bytes are.
 */
public final class ChannelName implements Comparable<ChannelName> {

    private final byte[] bytes;

    private final int hash;

    private ChannelName(byte[] bytes) {
        this.bytes = bytes;
        this.hash = Arrays.hashCode(bytes);
    }

    /**
     * The name whose UTF-8 form is sent to the server.
     */
    public static ChannelName of(String name) {
        return new ChannelName(name.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * The name with these bytes, which are copied.
     */
    public static ChannelName of(byte[] bytes) {
        return new ChannelName(bytes.clone());
    }

    /** Takes the array as its own: for bytes that were just copied out of a buffer and are known to nobody else. */
    static ChannelName owning(byte[] bytes) {
        return new ChannelName(bytes);
    }

    /**
     * A copy of the bytes.
     */
    public byte[] toBytes() {
        return this.bytes.clone();
    }

    /**
     * Whether the name begins with all bytes of another.
     */
    public boolean startsWith(ChannelName prefix) {
        int length = prefix.bytes.length;
        return length <= this.bytes.length && Arrays.equals(this.bytes, 0, length, prefix.bytes, 0, length);
    }

    /** The bytes themselves, for reading only. */
    byte[] bytes() {
        return this.bytes;
    }

    @Override
    public boolean equals(Object other) {
        return this == other
                || other instanceof ChannelName that && this.hash == that.hash && Arrays.equals(this.bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return this.hash;
    }

    @Override
    public int compareTo(ChannelName other) {
        return Arrays.compareUnsigned(this.bytes, other.bytes);
    }

    /**
     * The name read as UTF-8; bytes that are not UTF-8 show as replacement characters.
     */
    @Override
    public String toString() {
        return new String(this.bytes, StandardCharsets.UTF_8);
    }
}
