package io.github.shardedpubsub.actuate;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.listener.DeliveryObserver;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.Outcome;
import io.github.shardedpubsub.pipe.ReplyError;
import io.github.shardedpubsub.publisher.PublishObserver;
import io.github.shardedpubsub.recovery.HistoryLoss;
import io.github.shardedpubsub.recovery.LostWrites;
import io.github.shardedpubsub.recovery.RecoveryObserver;
import io.github.shardedpubsub.recovery.StreamPosition;
import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.ChannelTransition;
import io.github.shardedpubsub.subscription.Interruption;
import io.github.shardedpubsub.subscription.InterruptionCause;
import io.github.shardedpubsub.subscription.NodeAddress;
import io.github.shardedpubsub.subscription.SubscriptionObserver;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever happens, and to however many channels and nodes: there is no meter more than there was. */
class CardinalityTests {

    private static final int CHANNELS = 2_000;

    static Stream<Arguments> observers() {
        return Stream.of(
                observer(SubscriptionObserver.class, MeteredSubscriptions::new),
                observer(DeliveryObserver.class, MeteredDelivery::new),
                observer(PublishObserver.class, MeteredPublishing::new),
                observer(RecoveryObserver.class, MeteredRecovery::new));
    }

    private interface Metering<T> {

        T of(MeterRegistry registry);
    }

    private static <T> Arguments observer(Class<T> type, Metering<T> metering) {
        return Arguments.of(type, metering);
    }

    @ParameterizedTest
    @MethodSource("observers")
    <T> void nothingThatHappensMakesAMeter(Class<T> type, Metering<T> metering) throws Exception {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        T observer = metering.of(registry);
        List<String> before = ids(registry);

        for (int i = 0; i < CHANNELS; i++) {
            for (Method told : type.getMethods()) {
                tell(observer, told, i);
            }
        }

        assertThat(ids(registry)).isEqualTo(before);
        assertThat(registry.getMeters()).hasSizeBetween(2, 40);
        assertThat(registry.getMeters())
                .allSatisfy(
                        meter -> assertThat(meter.measure().iterator().next().getValue())
                                .as(meter.getId().toString())
                                .isPositive());
    }

    private static void tell(Object observer, Method told, int i)
            throws IllegalAccessException, InvocationTargetException {
        told.setAccessible(true);
        told.invoke(
                observer,
                Arrays.stream(told.getParameterTypes())
                        .map(type -> argument(type, i))
                        .toArray());
    }

    private static Object argument(Class<?> type, int i) {
        if (type.isEnum()) {
            return type.getEnumConstants()[i % type.getEnumConstants().length];
        }
        if (type == ChannelName.class) {
            return ChannelName.of("orders:" + i);
        }
        if (type == NodeAddress.class) {
            return new NodeAddress("10.0." + i / 256 + "." + i % 256, 6379);
        }
        if (type == String.class) {
            return "seen " + i;
        }
        if (type == Outcome.class) {
            List<Outcome> outcomes = List.of(
                    Outcome.CONFIRMED,
                    new Outcome.Refused(new ReplyError("ERR " + i)),
                    new Outcome.Unknown("lost " + i));
            return outcomes.get(i % outcomes.size());
        }
        if (type == Duration.class) {
            return Duration.ofMillis(i + 1);
        }
        if (type == HistoryLoss.class) {
            HistoryLoss.Cause[] causes = HistoryLoss.Cause.values();
            return new HistoryLoss(causes[i % causes.length], StreamPosition.ORIGIN, null);
        }
        if (type == LostWrites.class) {
            return new LostWrites(StreamPosition.ORIGIN, StreamPosition.ORIGIN);
        }
        if (type == ChannelTransition.class) {
            return transition(i);
        }
        if (type == int.class) {
            return i + 1;
        }
        if (type == long.class) {
            return i + 1L;
        }
        throw new AssertionError("An argument of a new type: " + type);
    }

    private static ChannelTransition transition(int i) {
        InterruptionCause[] causes = InterruptionCause.values();
        NodeAddress node = new NodeAddress("10.0.0.1", 6379);
        boolean begun = i / causes.length % 2 == 0;
        return new ChannelTransition(
                ChannelName.of("orders:" + i),
                i % 16384,
                begun ? ChannelState.SUBSCRIBED : ChannelState.INTERRUPTED,
                begun ? ChannelState.INTERRUPTED : ChannelState.SUBSCRIBED,
                node,
                new Interruption(
                        causes[i % causes.length],
                        Instant.EPOCH,
                        node,
                        begun ? null : Duration.ofMillis(i),
                        "seen " + i),
                Instant.EPOCH,
                "seen " + i);
    }

    private static List<String> ids(MeterRegistry registry) {
        return registry.getMeters().stream()
                .map(meter -> meter.getId().toString())
                .sorted()
                .toList();
    }
}
