package io.github.shardedpubsub.benchmark.compare;

import java.util.Arrays;

/** A scenario that can be chosen by its name. */
enum Scenario {

    /** Messages at full speed over few channels. */
    DELIVERY("delivery", new Delivery("channels", false)),
    /** The same over many. */
    DELIVERY_MANY("delivery-many", new Delivery("many-channels", false)),
    /** Messages with recovery over few channels. */
    DELIVERY_RECOVERY("delivery-recovery", new Delivery("channels", true)),
    /** Subscribing some channels, until the servers count them. */
    SUBSCRIBE("subscribe", new Subscribing("some-channels")),
    /** Subscribing many. */
    SUBSCRIBE_MANY("subscribe-many", new Subscribing("many-channels")),
    /** One channel's slot moves. */
    MOVE("move", new SlotMoves("1")),
    /** A slot with many channels moves. */
    MOVE_MANY("move-many", new SlotMoves("slot-channels")),
    /** A connection with some channels is lost. */
    LOST("lost", new LostConnection()),
    /** Publishing, pipelined. */
    PUBLISH("publish", new Publishing()),
    /** The heap that a subscribed channel takes. */
    HEAP("heap", new HeapPerChannel());

    private final String label;

    private final Measurement measurement;

    Scenario(String label, Measurement measurement) {
        this.label = label;
        this.measurement = measurement;
    }

    String label() {
        return this.label;
    }

    Measurement measurement() {
        return this.measurement;
    }

    static Scenario of(String label) {
        return Arrays.stream(values())
                .filter(scenario -> scenario.label.equals(label))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("There is no scenario '" + label + "', but "
                        + Arrays.stream(values()).map(Scenario::label).toList()));
    }
}
