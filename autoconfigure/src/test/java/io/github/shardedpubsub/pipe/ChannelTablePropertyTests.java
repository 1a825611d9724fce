package io.github.shardedpubsub.pipe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Label;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class ChannelTablePropertyTests {

    @Provide
    Arbitrary<List<Integer>> changes() {
        return Arbitraries.integers().between(0, 79).list().ofMaxSize(400);
    }

    @Property
    @Label("whatever is put and removed in whatever order, it is as a map")
    void isAMap(@ForAll("changes") List<Integer> changes) {
        ChannelTable<KnownChannel> table = new ChannelTable<>();
        Map<String, KnownChannel> expected = new HashMap<>();
        for (int change : changes) {
            String name = "n" + change / 2;
            if (change % 2 == 0) {
                KnownChannel channel = new KnownChannel(name);
                table.put(channel);
                expected.put(name, channel);
            } else {
                KnownChannel removed = expected.remove(name);
                table.remove(removed != null ? removed : new KnownChannel(name));
            }
        }
        assertThat(table.size()).isEqualTo(expected.size());
        assertThat(table).containsExactlyInAnyOrderElementsOf(expected.values());
        for (int i = 0; i < 40; i++) {
            assertThat(table.get(ChannelName.of("n" + i))).isSameAs(expected.get("n" + i));
        }
        expected.values().forEach(table::remove);
        assertThat(table.size()).isZero();
    }
}
