package io.github.shardedpubsub.recovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.lettuce.core.cluster.SlotHash;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Label;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

@Label("Given any name of a channel, braces in any places among them,")
class HistoryKeyPropertyTests {

    @Provide
    Arbitrary<byte[]> channels() {
        Arbitrary<String> letters = Arbitraries.strings().withChars("{}:ab").ofMaxLength(9);
        Arbitrary<String> texts = Arbitraries.strings().ofMaxLength(12);
        Arbitrary<byte[]> bytes = Arbitraries.bytes().array(byte[].class).ofMaxSize(12);
        return Arbitraries.oneOf(
                letters.map(text -> text.getBytes(StandardCharsets.UTF_8)),
                texts.map(text -> text.getBytes(StandardCharsets.UTF_8)),
                bytes);
    }

    @Property(tries = 20_000)
    @Label("its key is in its slot, or it has none because it is empty or has a closing brace and no hash tag")
    void keyAndChannelShareTheSlot(@ForAll("channels") byte[] channel) {
        byte[] key = HistoryKey.orNull(channel);
        if (key != null) {
            assertThat(SlotHash.getSlot(key)).isEqualTo(slot(channel));
            assertThat(new String(key, StandardCharsets.ISO_8859_1)).startsWith("sharded-pubsub:history");
        } else {
            String name = new String(channel, StandardCharsets.ISO_8859_1);
            assertThat(name.isEmpty() || name.contains("}")).isTrue();
            assertThat(name).doesNotMatch("(?s)[^{]*\\{[^}]+}.*");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> HistoryKey.of(channel))
                    .withMessageContaining("hash tag");
        }
    }

    @Property(tries = 20_000)
    @Label("no other has its key")
    void noTwoChannelsShareAKey(@ForAll("channels") byte[] one, @ForAll("channels") byte[] other) {
        byte[] key = HistoryKey.orNull(one);
        byte[] otherKey = HistoryKey.orNull(other);
        if (key != null && otherKey != null) {
            assertThat(Arrays.equals(key, otherKey)).isEqualTo(Arrays.equals(one, other));
        }
    }

    @Property(tries = 20_000)
    @Label("the key of a position of a listener is in its slot, and of no other listener and no other channel")
    void noTwoPositionsShareAKey(
            @ForAll("channels") byte[] one,
            @ForAll("listeners") String listener,
            @ForAll("channels") byte[] other,
            @ForAll("listeners") String otherListener) {
        if (HistoryKey.orNull(one) != null && HistoryKey.orNull(other) != null) {
            byte[] key = HistoryKey.ofPosition(one, listener);
            assertThat(SlotHash.getSlot(key)).isEqualTo(slot(one));
            assertThat(new String(key, StandardCharsets.ISO_8859_1)).startsWith("sharded-pubsub:position");
            assertThat(Arrays.equals(key, HistoryKey.ofPosition(other, otherListener)))
                    .isEqualTo(Arrays.equals(one, other) && listener.equals(otherListener));
        }
    }

    @Provide
    Arbitrary<String> listeners() {
        return Arbitraries.strings().withChars("{}:%3Aa").ofMaxLength(6);
    }

    @Example
    @Label("and a channel that is named as the hash tag of another has a key of its own")
    void namesThatLookAlike() {
        List<String> alike = List.of("foo", "{foo}", ":{foo}", "{{foo}}", "{foo}}", "::{foo}");
        assertThat(alike.stream()
                        .map(name -> new String(
                                HistoryKey.of(name.getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8)))
                .doesNotHaveDuplicates();
    }

    /** As the specification of Redis Cluster has it, and not as Lettuce does. */
    private static int slot(byte[] key) {
        int begin = indexOf(key, '{', 0);
        int end = begin < 0 ? -1 : indexOf(key, '}', begin + 1);
        int from = end > begin + 1 ? begin + 1 : 0;
        int to = end > begin + 1 ? end : key.length;
        int crc = 0;
        for (int i = from; i < to; i++) {
            crc ^= (key[i] & 0xff) << 8;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 0x8000) != 0 ? crc << 1 ^ 0x1021 : crc << 1;
            }
            crc &= 0xffff;
        }
        return crc % 16384;
    }

    private static int indexOf(byte[] key, char letter, int from) {
        for (int i = from; i < key.length; i++) {
            if (key[i] == letter) {
                return i;
            }
        }
        return -1;
    }
}
