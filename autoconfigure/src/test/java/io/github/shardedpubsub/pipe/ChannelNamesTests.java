package io.github.shardedpubsub.pipe;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Label;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ChannelNamesTests {

    private final ChannelNames names = new ChannelNames();

    private @Nullable ChannelName find(ChannelName name) {
        ByteBuf buffer = Unpooled.copiedBuffer(new byte[] {'x'}, name.toBytes(), new byte[] {'y'});
        return this.names.find(buffer, 1, buffer.readableBytes() - 2);
    }

    @Test
    void theVeryNameThatWasAddedIsFoundByItsBytes() {
        for (String text : List.of("", "a", "1234567", "12345678", "orders:{eu}:12345", "123456789012345678901234")) {
            ChannelName name = ChannelName.of(text);
            this.names.add(name);
            this.names.add(ChannelName.of(text));
            assertThat(find(ChannelName.of(text))).isSameAs(name);
            assertThat(find(ChannelName.of(text + "\u0000"))).isNull();
        }
        assertThat(this.names.size()).isEqualTo(6);
    }

    @Test
    void manyAreFoundAndTheirPlacesAreGivenUpWithThem() {
        List<ChannelName> many = new ArrayList<>();
        for (int i = 0; i < 100_000; i++) {
            many.add(ChannelName.of("channel:{" + i + "}"));
        }
        many.forEach(this.names::add);
        assertThat(many).allSatisfy(name -> assertThat(find(name)).isSameAs(name));
        many.subList(0, 99_990).forEach(this.names::remove);
        assertThat(this.names.size()).isEqualTo(10);
        assertThat(this.names.capacity()).isLessThan(200);
        assertThat(many.subList(99_990, 100_000))
                .allSatisfy(name -> assertThat(find(name)).isSameAs(name));
        assertThat(find(many.get(0))).isNull();
    }

    @Provide
    Arbitrary<List<Integer>> changes() {
        return Arbitraries.integers().between(0, 79).list().ofMaxSize(400);
    }

    @Property
    @Label("whatever is added and removed in whatever order, it is as a set")
    void isASet(@ForAll("changes") List<Integer> changes) {
        Set<ChannelName> expected = new LinkedHashSet<>();
        for (int change : changes) {
            ChannelName name = ChannelName.of("n" + change / 2);
            if (change % 2 == 0) {
                this.names.add(name);
                expected.add(name);
            } else {
                this.names.remove(name);
                expected.remove(name);
            }
        }
        assertThat(this.names.size()).isEqualTo(expected.size());
        for (int i = 0; i < 40; i++) {
            ChannelName name = ChannelName.of("n" + i);
            assertThat(find(name)).isEqualTo(expected.contains(name) ? name : null);
        }
        expected.forEach(this.names::remove);
        assertThat(this.names.size()).isZero();
    }
}
