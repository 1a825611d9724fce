package io.github.shardedpubsub.sample;

import io.github.shardedpubsub.publisher.ShardMessage;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.scheduling.annotation.SchedulingConfigurer;
import org.springframework.scheduling.config.ScheduledTaskRegistrar;
import org.springframework.stereotype.Component;

/**
 * Has every courier publish its position, and the office an announcement now and then. Nothing is waited for, so that a dead node
 * holds up its own couriers alone; and they do not all speak at the same time.
 */
@Component
class CourierFleet implements SchedulingConfigurer {

    private static final Logger logger = LoggerFactory.getLogger(CourierFleet.class);

    /** So many groups of couriers take turns. */
    private static final int GROUPS = 10;

    private final ShardedPublisher publisher;

    private final CourierLedger couriers;

    private final Listeners listeners;

    private final Duration interval;

    private int turn;

    private volatile boolean onTheRoad;

    private long announcements;

    CourierFleet(ShardedPublisher publisher, CourierLedger couriers, Listeners listeners, SampleProperties properties) {
        this.publisher = publisher;
        this.couriers = couriers;
        this.listeners = listeners;
        this.interval = properties.interval();
    }

    /** By then the container has started, and every channel is confirmed. */
    @EventListener(ApplicationReadyEvent.class)
    void start() {
        this.onTheRoad = true;
        logger.info("{} couriers are on the road", this.couriers.byCourier().size());
    }

    @Override
    public void configureTasks(ScheduledTaskRegistrar tasks) {
        tasks.addFixedRateTask(this::ride, this.interval.dividedBy(GROUPS));
    }

    private void ride() {
        if (this.onTheRoad) {
            int group = this.turn;
            this.turn = (group + 1) % GROUPS;
            List<Ride> rides = this.couriers.byCourier().entrySet().stream()
                    .filter(entry -> entry.getKey().id() % GROUPS == group)
                    .map(entry -> new Ride(
                            entry.getKey(), entry.getValue(), entry.getValue().send()))
                    .filter(ride -> ride.number() > 0)
                    .toList();
            publish(rides);
        }
    }

    private record Ride(Courier courier, ChannelLedger ledger, long number) {

        ShardMessage message() {
            return new ShardMessage(this.courier.channel(), this.courier.ride(this.number));
        }
    }

    /** Together, so that a wait for replicas is one for all those of a node. */
    private void publish(List<Ride> rides) {
        List<CompletableFuture<Long>> answers =
                this.publisher.publishAllAsync(rides.stream().map(Ride::message).toList());
        for (int i = 0; i < rides.size(); i++) {
            Ride ride = rides.get(i);
            var unused = answers.get(i).whenComplete((receivers, failure) -> answered(ride, failure));
        }
    }

    private void answered(Ride ride, @Nullable Throwable failure) {
        String channel = ride.courier().channel();
        if (failure == null) {
            ride.ledger().accepted();
            this.listeners.accepted(channel, ride.number());
        } else {
            logger.debug("Message {} of {} was not published", ride.number(), channel, failure);
            ride.ledger().failed(ride.number());
        }
    }

    @Scheduled(fixedRateString = "${sample.announcements}")
    void announce() {
        if (this.onTheRoad) {
            long number = ++this.announcements;
            this.publisher
                    .publishAsync(
                            DispatchBoard.CHANNEL,
                            new Announcement(number, "Announcement " + number + " to all couriers"))
                    .exceptionally(failure -> {
                        logger.debug("Announcement {} was not published", number, failure);
                        return 0L;
                    });
        }
    }
}
