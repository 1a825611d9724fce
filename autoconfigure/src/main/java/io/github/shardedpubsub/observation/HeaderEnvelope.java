package io.github.shardedpubsub.observation;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A block of headers in front of the payload:
 *
 * <pre>
 * bytes 0 to 4    F5 53 50 53 48, which is F5 and "SPSH"
 * byte  5         the version, 1
 * bytes 6 to 9    the length of the block that follows, big-endian
 * then            the block: for each header its name, ':', its value, '\n', in UTF-8
 * then            the payload
 * </pre>
 *
 * <p>What does not begin so, or is shorter than it says, is no envelope but a payload. No text begins so, since UTF-8 has no byte F5. Of a
 * version to come the block is skipped, and the payload found behind it.
 *
 * <p>Without headers a payload stays as it is, unless it begins as an envelope does: then it is put into one, so that it is never taken
 * for another.
 */
public final class HeaderEnvelope implements PayloadEnvelope {

    private static final byte[] MAGIC = {(byte) 0xF5, 'S', 'P', 'S', 'H'};

    private static final byte VERSION = 1;

    /** Magic, version and length. */
    private static final int BEGIN = MAGIC.length + 1 + Integer.BYTES;

    @Override
    public byte[] wrap(String channel, Map<String, String> headers, byte[] payload) {
        byte[] block = block(headers);
        if (block.length == 0 && !beginsAsEnvelope(payload)) {
            return payload;
        }
        return ByteBuffer.allocate(BEGIN + block.length + payload.length)
                .put(MAGIC)
                .put(VERSION)
                .putInt(block.length)
                .put(block)
                .put(payload)
                .array();
    }

    private static byte[] block(Map<String, String> headers) {
        StringBuilder lines = new StringBuilder();
        headers.forEach((name, value) -> {
            // what would be read as another header is not sent; no tracer has such
            if (name.indexOf(':') < 0 && name.indexOf('\n') < 0 && value.indexOf('\n') < 0) {
                lines.append(name).append(':').append(value).append('\n');
            }
        });
        return lines.toString().getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public @Nullable Content unwrap(String channel, byte[] received) {
        if (!beginsAsEnvelope(received)) {
            return null;
        }
        ByteBuffer rest = ByteBuffer.wrap(received, MAGIC.length, received.length - MAGIC.length);
        byte version = rest.get();
        int length = rest.getInt();
        if (length < 0 || length > rest.remaining()) {
            return null;
        }
        Map<String, String> headers = version == VERSION ? headers(received, length) : Map.of();
        return new Content(headers, Arrays.copyOfRange(received, BEGIN + length, received.length));
    }

    private static Map<String, String> headers(byte[] received, int length) {
        Map<String, String> headers = new HashMap<>();
        for (String line : new String(received, BEGIN, length, StandardCharsets.UTF_8).split("\n", -1)) {
            int colon = line.indexOf(':');
            if (colon >= 0) {
                headers.put(line.substring(0, colon), line.substring(colon + 1));
            }
        }
        return headers;
    }

    private static boolean beginsAsEnvelope(byte[] bytes) {
        return bytes.length >= BEGIN && Arrays.equals(bytes, 0, MAGIC.length, MAGIC, 0, MAGIC.length);
    }
}
