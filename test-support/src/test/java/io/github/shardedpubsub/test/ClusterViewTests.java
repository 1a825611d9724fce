package io.github.shardedpubsub.test;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ClusterViewTests {

    @Test
    void linesAreReadWithSlotsOnTheirWayLeftOut() {
        String first = "a".repeat(40);
        String second = "b".repeat(40);
        String third = "c".repeat(40);
        ClusterView view = ClusterView.parse(first
                + " 127.0.0.1:7000@17000 myself,master - 0 0 7 connected 0-10 12 [12->-" + second + "]\n"
                + second + " 127.0.0.1:7001@17001,a.host,shard-id=x master,fail? - 1 2 3 disconnected 11 13-16383\n"
                + third + " 127.0.0.1:7002@17002 slave " + first + " 0 0 7 connected\n");

        assertThat(view.own().id()).isEqualTo(first);
        assertThat(view.own().slots().cardinality()).isEqualTo(12);
        assertThat(view.own().isMaster()).isTrue();
        assertThat(view.owner(12)).isEqualTo(first);
        assertThat(view.owner(16383)).isEqualTo(second);
        assertThat(requireNonNull(view.member(second)).isFailing()).isTrue();
        assertThat(requireNonNull(view.member(second)).connected()).isFalse();
        assertThat(requireNonNull(view.member(third)).masterId()).isEqualTo(first);
        assertThat(requireNonNull(view.member(third)).isMaster()).isFalse();
    }
}
