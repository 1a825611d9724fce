package io.github.shardedpubsub.sample;

import io.github.shardedpubsub.publisher.ShardedPublisher;
import java.time.Duration;
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
            this.couriers.byCourier().forEach((courier, ledger) -> {
                if (courier.id() % GROUPS == group) {
                    publish(courier, ledger);
                }
            });
        }
    }

    private void publish(Courier courier, ChannelLedger ledger) {
        long number = ledger.send();
        if (number == 0) {
            return;
        }
        this.publisher.publishAsync(courier.channel(), courier.ride(number)).whenComplete((receivers, failure) -> {
            if (failure == null) {
                ledger.accepted();
                this.listeners.accepted(courier.channel(), number);
            } else {
                logger.debug("Message {} of {} was not published", number, courier.channel(), failure);
                ledger.failed(number);
            }
        });
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
