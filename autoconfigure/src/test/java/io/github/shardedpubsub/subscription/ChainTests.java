package io.github.shardedpubsub.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

/** A chain is a set in the order in which it was filled. */
class ChainTests {

    private static final class Bead extends Chain.Link<Bead> {}

    private final Chain<Bead> chain = new Chain<>();

    private final List<Bead> beads = Stream.generate(Bead::new).limit(8).toList();

    @RepeatedTest(20)
    void whateverIsAddedAndRemovedItIsLikeASet(RepetitionInfo repetition) {
        Random dice = new Random(repetition.getCurrentRepetition());
        Set<Bead> set = new LinkedHashSet<>();
        for (int i = 0; i < 200; i++) {
            Bead bead = this.beads.get(dice.nextInt(this.beads.size()));
            if (set.remove(bead)) {
                this.chain.remove(bead);
            } else {
                set.add(bead);
                this.chain.add(bead);
            }
            assertThat(this.chain).containsExactlyElementsOf(set);
            assertThat(this.chain.isEmpty()).isEqualTo(set.isEmpty());
        }
    }

    @Test
    void aCopyDoesNotChangeWithIt() {
        this.beads.forEach(this.chain::add);
        List<Bead> copy = this.chain.copy();
        copy.forEach(this.chain::remove);
        assertThat(copy).isEqualTo(this.beads);
        assertThat(this.chain).isEmpty();
    }

    @Test
    void whatWasInOneCanBeInAnother() {
        Chain<Bead> other = new Chain<>();
        this.beads.forEach(this.chain::add);
        Bead bead = this.beads.get(3);
        this.chain.remove(bead);
        other.add(bead);
        assertThat(this.chain).hasSize(7).doesNotContain(bead);
        assertThat(other).containsExactly(bead);
    }
}
