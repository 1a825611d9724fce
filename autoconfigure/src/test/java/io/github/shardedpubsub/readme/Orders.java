package io.github.shardedpubsub.readme;

import io.github.shardedpubsub.listener.ShardedRedisListener;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;

/** The application that {@link OrderTests} tests. */
@SpringBootConfiguration
@EnableAutoConfiguration
class Orders {

    final List<String> received = new CopyOnWriteArrayList<>();

    @ShardedRedisListener("orders:{eu}")
    void order(String order) {
        this.received.add(order);
    }
}
