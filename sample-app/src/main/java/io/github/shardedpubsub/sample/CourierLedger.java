package io.github.shardedpubsub.sample;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * The couriers' channels, in their order, with a ledger each.
 */
@Component
class CourierLedger {

    private final Map<Courier, ChannelLedger> byCourier = new LinkedHashMap<>();

    private final Map<String, ChannelLedger> byChannel = new LinkedHashMap<>();

    CourierLedger(SampleProperties properties) {
        IntStream.rangeClosed(1, properties.couriers()).mapToObj(Courier::new).forEach(courier -> {
            ChannelLedger ledger = new ChannelLedger();
            this.byCourier.put(courier, ledger);
            this.byChannel.put(courier.channel(), ledger);
        });
    }

    Map<Courier, ChannelLedger> byCourier() {
        return Collections.unmodifiableMap(this.byCourier);
    }

    Map<String, ChannelLedger> byChannel() {
        return Collections.unmodifiableMap(this.byChannel);
    }

    @Nullable
    ChannelLedger of(String channel) {
        return this.byChannel.get(channel);
    }
}
