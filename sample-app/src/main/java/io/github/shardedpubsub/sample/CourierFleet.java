package io.github.shardedpubsub.sample;

import io.github.shardedpubsub.publisher.ShardedPublisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/**
 * Has every courier publish its position, and the office an announcement now and then. Nothing is waited for, so that a dead node
 * holds up its own couriers alone.
 */
@Component
class CourierFleet {

    private static final Logger logger = LoggerFactory.getLogger(CourierFleet.class);

    private final ShardedPublisher publisher;

    private final CourierLedger couriers;

    private volatile boolean onTheRoad;

    private long announcements;

    CourierFleet(ShardedPublisher publisher, CourierLedger couriers) {
        this.publisher = publisher;
        this.couriers = couriers;
    }

    /** By then the container has started, and every channel is confirmed. */
    @EventListener(ApplicationReadyEvent.class)
    void start() {
        this.onTheRoad = true;
        logger.info("{} couriers are on the road", this.couriers.byCourier().size());
    }

    @Scheduled(fixedRateString = "${sample.interval}")
    void ride() {
        if (this.onTheRoad) {
            this.couriers.byCourier().forEach(this::publish);
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
