package io.github.shardedpubsub.pipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;

import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.protocol.CommandHandler;
import io.lettuce.core.pubsub.PubSubCommandHandler;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import io.lettuce.core.resource.NettyCustomizer;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class PubSubFenceTests {

    private static final List<Channel> SEEN = new ArrayList<>();

    private static final ClientResources RESOURCES = DefaultClientResources.builder()
            .ioThreadPoolSize(2)
            .computationThreadPoolSize(2)
            .nettyCustomizer(new NettyCustomizer() {

                @Override
                public void afterChannelInitialized(Channel channel) {
                    SEEN.add(channel);
                }
            })
            .build();

    private final PubSubFence fence = new PubSubFence(SlotHash::getSlot);

    @AfterAll
    static void shutdown() {
        RESOURCES.shutdown(0, 0, TimeUnit.MILLISECONDS).awaitUninterruptibly();
    }

    @Test
    void theResourcesAreTheSameOnesButForTheFence() {
        ClientResources fenced = this.fence.around(RESOURCES);
        assertThat(fenced.eventLoopGroupProvider()).isSameAs(RESOURCES.eventLoopGroupProvider());
        assertThat(fenced.eventBus()).isSameAs(RESOURCES.eventBus());
        assertThat(fenced.timer()).isSameAs(RESOURCES.timer());
        assertThat(fenced.nettyCustomizer()).isNotSameAs(RESOURCES.nettyCustomizer());
        assertThat(Set.of(fenced, RESOURCES)).hasSize(2).contains(fenced);
    }

    @Test
    void aroundWhatHasTheFenceAlreadyNothingIsPut() {
        ClientResources fenced = this.fence.around(RESOURCES);
        assertThat(this.fence.around(fenced)).isSameAs(fenced);
    }

    @Test
    void whatIsMadeOfTheResourcesHasTheFence() {
        ClientResources fenced = this.fence.around(DefaultClientResources.create());
        ClientResources copy = fenced.mutate().build();
        assertThat(copy.nettyCustomizer()).isSameAs(fenced.nettyCustomizer());
        copy.shutdown(0, 0, TimeUnit.MILLISECONDS).awaitUninterruptibly();
    }

    @Test
    void theApplicationsOwnCustomizerSeesEveryChannel() {
        EmbeddedChannel channel = initialized();
        assertThat(SEEN).contains(channel);
    }

    @Test
    void aConnectionThatIsNotForPubSubIsLeftAlone() {
        CommandHandler handler = mock(CommandHandler.class);
        EmbeddedChannel channel = initialized(handler);
        assertThat(channel.pipeline().get(CommandHandler.class)).isSameAs(handler);
        assertThat(this.fence.status()).hasToString("not-needed-yet");
    }

    /** A mock has none of what Lettuce's own has inside. */
    @Test
    void aHandlerThatIsMadeDifferentlyInsideIsLeftAloneAndThisIsSaid() {
        PubSubCommandHandler<?, ?> handler = mock(PubSubCommandHandler.class);
        EmbeddedChannel channel = initialized(handler);
        assertThat(channel.pipeline().get(PubSubCommandHandler.class)).isSameAs(handler);
        assertThat(this.fence.status().state()).isEqualTo(FenceStatus.State.UNAVAILABLE);
        assertThat(this.fence.status().toString())
                .startsWith("unavailable (this version of Lettuce is made differently: ");
    }

    private EmbeddedChannel initialized(ChannelHandler... handlers) {
        EmbeddedChannel channel = new EmbeddedChannel(handlers);
        this.fence.around(RESOURCES).nettyCustomizer().afterChannelInitialized(channel);
        return channel;
    }
}
