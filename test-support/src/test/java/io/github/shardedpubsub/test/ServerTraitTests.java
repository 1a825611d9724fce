package io.github.shardedpubsub.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ServerTraitTests {

    @Test
    void aTraitIsOfTheFirstVersionThatHasItAndOfAllLaterOnes() {
        ServerTrait trait = ServerTrait.ENDS_EARLY_SUBSCRIPTIONS_AT_THE_CUT_OVER;

        assertThat(trait.isOf("Redis 7.0.15")).isFalse();
        assertThat(trait.isOf("Redis 7.2.0")).isTrue();
        assertThat(trait.isOf("Redis 8.0.6")).isTrue();
        assertThat(trait.isOf("Redis 10.0.0-rc1")).isTrue();
    }

    @Test
    void redisAndValkeyAreCountedApart() {
        assertThat(ServerTrait.MIGRATES_SLOTS_ATOMICALLY.isOf("Redis 9.9.9")).isFalse();
        assertThat(ServerTrait.MIGRATES_SLOTS_ATOMICALLY.isOf("Valkey 8.1.1")).isFalse();
        assertThat(ServerTrait.MIGRATES_SLOTS_ATOMICALLY.isOf("Valkey 9.0.0")).isTrue();
        assertThat(ServerTrait.REDIRECTS_UNSUBSCRIBING.isOf("Valkey 9.1.2")).isFalse();
        assertThatThrownBy(() -> ServerTrait.REDIRECTS_UNSUBSCRIBING.isOf("nine"))
                .hasMessageContaining("'nine'");
    }
}
