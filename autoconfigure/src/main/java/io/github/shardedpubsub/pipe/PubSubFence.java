package io.github.shardedpubsub.pipe;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.protocol.CommandHandler;
import io.lettuce.core.pubsub.PubSubCommandHandler;
import io.lettuce.core.pubsub.PubSubEndpoint;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.NettyCustomizer;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts the fence into an application's own Lettuce connections: into each pub/sub connection opened with the resources that
 * {@link #around} gives, {@link FencedPubSubHandler} instead of Lettuce's {@link PubSubCommandHandler}. Other connections, and
 * pub/sub connections with a handler that is not Lettuce's own, stay as they are.
 *
 * <p>Lettuce makes its handler in a place that nobody can reach into, so what the handler was made of is read out of two of its
 * private fields. Where that fails, as it may with another version of Lettuce, the connection stays as Lettuce made it; this is
 * logged once and told by {@link #status()}.
 *
 * <p>All methods may be called from any thread.
 */
public final class PubSubFence {

    private static final Logger logger = LoggerFactory.getLogger(PubSubFence.class);

    private final ToIntFunction<byte[]> slots;

    private final AtomicInteger installed = new AtomicInteger();

    private final AtomicInteger connections = new AtomicInteger();

    private final LongAdder outOfStep = new LongAdder();

    private final AtomicReference<@Nullable String> unavailable = new AtomicReference<>();

    /**
     * Creates a fence.
     *
     * @param slots the slot of a shard channel's name
     */
    public PubSubFence(ToIntFunction<byte[]> slots) {
        this.slots = slots;
    }

    /**
     * The resources, with which every pub/sub connection gets the fence. They are the same ones but for that: what they share,
     * and who shuts them down, does not change, and their own {@link NettyCustomizer} is called first.
     */
    public ClientResources around(ClientResources resources) {
        if (resources.nettyCustomizer() instanceof Customizer customizer && customizer.fence() == this) {
            return resources;
        }
        NettyCustomizer customizer = new Customizer(this, resources.nettyCustomizer());
        // a proxy and no mutate(): a copy would publish the same latencies a second time, and wants to be shut down
        return (ClientResources) Proxy.newProxyInstance(
                PubSubFence.class.getClassLoader(),
                new Class<?>[] {ClientResources.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "nettyCustomizer" -> customizer;
                    case "mutate" -> resources.mutate().nettyCustomizer(customizer);
                    case "equals" -> proxy == Objects.requireNonNull(arguments)[0];
                    default -> invoke(resources, method, arguments);
                });
    }

    private static @Nullable Object invoke(
            ClientResources resources, Method method, @Nullable Object @Nullable [] arguments) throws Throwable {
        try {
            return method.invoke(resources, arguments);
        } catch (InvocationTargetException ex) {
            throw ex.getTargetException();
        }
    }

    /**
     * How it stands now.
     */
    public FenceStatus status() {
        String reason = this.unavailable.get();
        FenceStatus.State state = reason != null
                ? FenceStatus.State.UNAVAILABLE
                : this.installed.get() > 0 ? FenceStatus.State.INSTALLED : FenceStatus.State.NOT_NEEDED_YET;
        return new FenceStatus(state, this.connections.get(), this.outOfStep.sum(), reason);
    }

    /**
     * How many fenced pub/sub connections are open.
     */
    public int connections() {
        return this.connections.get();
    }

    /**
     * How many fenced connections were closed because their replies did not fit what was asked.
     */
    public long outOfStep() {
        return this.outOfStep.sum();
    }

    private void install(Channel channel) {
        PubSubCommandHandler<?, ?> theirs = channel.pipeline().get(PubSubCommandHandler.class);
        if (theirs == null || theirs instanceof FencedPubSubHandler) {
            return;
        }
        try {
            if (theirs.getClass() != PubSubCommandHandler.class) {
                unavailable("the pub/sub handler is a " + theirs.getClass().getName());
                return;
            }
            replace(channel.pipeline(), theirs);
            this.installed.incrementAndGet();
        } catch (ReflectiveOperationException | RuntimeException | LinkageError ex) {
            unavailable("this version of Lettuce is made differently: " + ex);
        }
    }

    @SuppressWarnings("unchecked")
    private <K, V> void replace(ChannelPipeline pipeline, PubSubCommandHandler<K, V> theirs)
            throws ReflectiveOperationException {
        PubSubEndpoint<K, V> endpoint = (PubSubEndpoint<K, V>) theirs.getEndpoint();
        FencedPubSubHandler<K, V> ours = new FencedPubSubHandler<>(
                (ClientOptions) read(CommandHandler.class, "clientOptions", theirs),
                endpoint.getClientResources(),
                (RedisCodec<K, V>) read(PubSubCommandHandler.class, "codec", theirs),
                endpoint,
                this.slots,
                this);
        pipeline.replace(theirs, pipeline.context(theirs).name(), ours);
    }

    private static Object read(Class<?> type, String field, Object owner) throws ReflectiveOperationException {
        Field found = type.getDeclaredField(field);
        found.setAccessible(true);
        return Objects.requireNonNull(found.get(owner), field);
    }

    private void unavailable(String reason) {
        if (this.unavailable.compareAndSet(null, reason)) {
            logger.warn(
                    "A pub/sub connection of Lettuce could not be fenced, so a slot that moves can make its commands get each"
                            + " other's replies: {}. Use a version of Lettuce that is supported, or set"
                            + " 'sharded-pubsub.lettuce.fence' to false to live with it",
                    reason);
        }
    }

    void opened() {
        this.connections.incrementAndGet();
    }

    void closed() {
        this.connections.decrementAndGet();
    }

    void outOfStep(String seen) {
        this.outOfStep.increment();
        logger.warn("A pub/sub connection of Lettuce is closed, to be opened again: {}", seen);
    }

    private record Customizer(PubSubFence fence, NettyCustomizer users) implements NettyCustomizer {

        @Override
        public void afterBootstrapInitialized(Bootstrap bootstrap) {
            this.users.afterBootstrapInitialized(bootstrap);
        }

        @Override
        public void afterChannelInitialized(Channel channel) {
            this.users.afterChannelInitialized(channel);
            this.fence.install(channel);
        }
    }
}
