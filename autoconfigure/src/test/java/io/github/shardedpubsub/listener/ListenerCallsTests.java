package io.github.shardedpubsub.listener;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.pipe.ChannelName;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.MessageListener;

class ListenerCallsTests {

    private final List<MessageListener> called = new ArrayList<>();

    private final List<Long> dropped = new ArrayList<>();

    private final DeliveryObservers observers = new DeliveryObservers();

    private final ListenerCalls calls =
            new ListenerCalls(this.observers, (listener, message, channel) -> this.called.add(listener));

    private final DeliveryLanes lanes = new DeliveryLanes(task -> {}, this.calls);

    ListenerCallsTests() {
        this.observers.add(new DeliveryObserver() {
            @Override
            public void dropped(ChannelName channel, long count) {
                ListenerCallsTests.this.dropped.add(count);
            }
        });
    }

    private Registration register(MessageListener listener) {
        return this.lanes.register(
                ChannelName.of("a"), this.lanes.listener(listener, ListenerOptions.DEFAULTS), () -> {});
    }

    @Test
    void whatAWorkerHasTakenIsDroppedAndCountedIfItIsRemovedBeforeTheCall() {
        MessageListener listener = (message, pattern) -> {};
        Registration registration = register(listener);
        this.calls.deliver(registration, new byte[1], 0);
        registration.leave();
        this.calls.deliver(registration, new byte[1], 0);
        assertThat(this.called).containsExactly(listener, listener);
        assertThat(this.dropped).isEmpty();

        registration.discard();
        this.calls.deliver(registration, new byte[1], 0);
        assertThat(this.called).hasSize(2);
        assertThat(this.dropped).containsExactly(1L);
    }

    @Test
    void whatComesForAListenerThatIsLeavingIsCounted() {
        Registration registration = register((message, pattern) -> {});
        registration.leave();
        registration.add(new byte[1]);
        assertThat(this.dropped).containsExactly(1L);
        assertThat(registration.queue().size()).isZero();
    }

    @Test
    void anInterruptedListenerLeavesNoInterruptToTheNext() {
        AtomicInteger interrupted = new AtomicInteger();
        ListenerCalls interrupting = new ListenerCalls(this.observers, (listener, message, channel) -> {
            if (Thread.currentThread().isInterrupted()) {
                interrupted.incrementAndGet();
            }
            Thread.currentThread().interrupt();
        });
        Registration registration = register((message, pattern) -> {});
        interrupting.deliver(registration, new byte[1], 0);
        interrupting.deliver(registration, new byte[1], 0);
        assertThat(Thread.interrupted()).isFalse();
        assertThat(interrupted).hasValue(0);
    }
}
