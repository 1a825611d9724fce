package io.github.shardedpubsub.sample;

import io.github.shardedpubsub.listener.RecoverableMessage;
import io.github.shardedpubsub.listener.ShardedRedisMessageListenerContainer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.data.redis.connection.Message;
import org.springframework.data.redis.connection.MessageListener;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * Listens to every courier. Channels that are known only at run time are given to the container; a single one that is known
 * beforehand is easier with the annotation, as {@link DispatchBoard} shows.
 */
@Component
class CourierTracker implements MessageListener {

    private final CourierLedger couriers;

    private final Listeners listeners;

    private final CourierRecovery recovery;

    private final JsonMapper json;

    CourierTracker(
            CourierLedger couriers,
            Listeners listeners,
            CourierRecovery recovery,
            JsonMapper json,
            @Qualifier(ShardedRedisMessageListenerContainer.BEAN_NAME) ShardedRedisMessageListenerContainer container) {
        this.couriers = couriers;
        this.listeners = listeners;
        this.recovery = recovery;
        this.json = json;
        container.addMessageListener(
                this,
                couriers.byChannel().keySet().stream().map(ChannelTopic::of).toList());
    }

    @Override
    public void onMessage(Message message, byte @Nullable [] pattern) {
        String channel = new String(message.getChannel(), StandardCharsets.UTF_8);
        ChannelLedger ledger = this.couriers.of(channel);
        if (ledger != null) {
            Position position = this.json.readValue(message.getBody(), Position.class);
            ledger.received(position);
            this.listeners.ours().heard(channel, position);
            if (message instanceof RecoverableMessage recoverable && recoverable.isRecovered()) {
                this.recovery.recovered();
            }
        }
    }
}
