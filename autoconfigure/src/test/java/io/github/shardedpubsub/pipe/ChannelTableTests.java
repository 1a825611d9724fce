package io.github.shardedpubsub.pipe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ChannelTableTests {

    private final ChannelTable<KnownChannel> table = new ChannelTable<>();

    private @Nullable KnownChannel find(String name) {
        byte[] bytes = ChannelName.of("x" + name + "y").bytes();
        KnownChannel found = this.table.find(bytes, 1, bytes.length - 2);
        assertThat(found).isSameAs(this.table.get(ChannelName.of(name)));
        return found;
    }

    @Test
    void aChannelIsFoundByTheBytesOfItsName() {
        for (String name : List.of("", "a", "1234567", "12345678", "orders:{eu}:12345", "123456789012345678901234")) {
            KnownChannel channel = new KnownChannel(name);
            this.table.put(channel);
            assertThat(find(name)).isSameAs(channel);
            assertThat(find(name + "\u0000")).isNull();
        }
        assertThat(this.table.size()).isEqualTo(6);
        assertThat(this.table).hasSize(6);
    }

    @Test
    void anotherChannelOfTheSameNameTakesItsPlaceAndStays() {
        KnownChannel first = new KnownChannel("a");
        KnownChannel second = new KnownChannel("a");
        this.table.put(first);
        this.table.put(second);
        assertThat(find("a")).isSameAs(second);
        this.table.remove(first);
        assertThat(find("a")).isSameAs(second);
        this.table.remove(second);
        assertThat(find("a")).isNull();
        assertThat(this.table.size()).isZero();
    }

    @Test
    void manyAreFoundAndTheirPlacesAreGivenUpWithThem() {
        List<KnownChannel> many = new ArrayList<>();
        for (int i = 0; i < 100_000; i++) {
            many.add(new KnownChannel("channel:{" + i + "}"));
        }
        many.forEach(this.table::put);
        assertThat(this.table.capacity()).isEqualTo(131_072);
        assertThat(many)
                .allSatisfy(
                        channel -> assertThat(find(channel.name().toString())).isSameAs(channel));
        many.subList(0, 99_990).forEach(this.table::remove);
        assertThat(this.table).containsExactlyInAnyOrderElementsOf(many.subList(99_990, 100_000));
        assertThat(this.table.capacity()).isLessThan(200);
        assertThat(find("channel:{0}")).isNull();
    }

    @Test
    void comingAndGoingForEverTakesNoMoreRoom() {
        for (int i = 0; i < 100_000; i++) {
            KnownChannel channel = new KnownChannel("passing " + i);
            this.table.put(channel);
            this.table.remove(channel);
        }
        assertThat(this.table.capacity()).isEqualTo(16);
        assertThat(find("never there")).isNull();
    }

    @Test
    void readersFindWhatIsThereThroughoutWhileOthersComeAndGo() {
        List<KnownChannel> lasting = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            lasting.add(new KnownChannel("lasting " + i));
            this.table.put(lasting.get(i));
        }
        CompletableFuture<Void> changing = CompletableFuture.runAsync(() -> {
            List<KnownChannel> passing = new ArrayList<>();
            for (int i = 0; i < 300_000; i++) {
                if (i % 1_000 < 500) {
                    KnownChannel channel = new KnownChannel("passing " + i % 5_000);
                    this.table.put(channel);
                    passing.add(channel);
                } else {
                    this.table.remove(passing.remove(passing.size() - 1));
                }
            }
        });
        long rounds = 0;
        while (!changing.isDone() || rounds == 0) {
            assertThat(lasting)
                    .allSatisfy(channel ->
                            assertThat(this.table.get(channel.name())).isSameAs(channel));
            assertThat(this.table).containsAll(lasting);
            rounds++;
        }
        assertThat(changing).succeedsWithin(1, TimeUnit.SECONDS);
        assertThat(this.table).containsExactlyInAnyOrderElementsOf(lasting);
    }
}
