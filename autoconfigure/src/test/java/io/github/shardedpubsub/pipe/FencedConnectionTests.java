package io.github.shardedpubsub.pipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.shardedpubsub.LiveCluster;
import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.StandaloneServer;
import io.github.shardedpubsub.test.RedisNode;
import io.lettuce.core.AclSetuserArgs;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.KillArgs;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode;
import io.lettuce.core.cluster.pubsub.RedisClusterPubSubAdapter;
import io.lettuce.core.cluster.pubsub.StatefulRedisClusterPubSubConnection;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.pubsub.api.sync.RedisPubSubCommands;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What Lettuce promises of its pub/sub connections holds with our handler in them, on real servers. */
@LiveTest
class FencedConnectionTests {

    private static ClientResources resources;

    private static StandaloneServer server;

    private static RedisClient publishing;

    private static RedisCommands<String, String> publisher;

    private final PubSubFence fence = new PubSubFence(SlotHash::getSlot);

    private final List<RedisClient> clients = new ArrayList<>();

    private final List<String> heard = new CopyOnWriteArrayList<>();

    private final Hearing hearing = new Hearing();

    @BeforeAll
    static void start() {
        resources = DefaultClientResources.create();
        server = new StandaloneServer();
        publishing = RedisClient.create(resources, RedisURI.create("127.0.0.1", server.port()));
        publisher = publishing.connect().sync();
    }

    @AfterAll
    static void stop() {
        publishing.shutdown(0, 0, TimeUnit.MILLISECONDS);
        server.close();
        resources.shutdown(0, 0, TimeUnit.MILLISECONDS).awaitUninterruptibly();
    }

    @AfterEach
    void closeAll() {
        assertThat(this.fence.outOfStep()).isZero();
        this.clients.forEach(client -> client.shutdown(0, 0, TimeUnit.MILLISECONDS));
        LivePipe.await(() -> this.fence.connections() == 0);
    }

    private StatefulRedisPubSubConnection<String, String> connect(ProtocolVersion protocol) {
        RedisClient client =
                RedisClient.create(this.fence.around(resources), RedisURI.create("127.0.0.1", server.port()));
        client.setOptions(ClientOptions.builder().protocolVersion(protocol).build());
        this.clients.add(client);
        StatefulRedisPubSubConnection<String, String> connection = client.connectPubSub();
        connection.addListener(this.hearing);
        assertThat(this.fence.connections()).isPositive();
        return connection;
    }

    private void awaitHeard(String... events) {
        LivePipe.await(() -> this.heard.containsAll(List.of(events)));
    }

    private static void killAllSubscribers() {
        publisher.clientKill(KillArgs.Builder.typePubsub());
    }

    @ParameterizedTest
    @EnumSource
    void aChannelIsHeardFromItsSubscribeToItsUnsubscribe(ProtocolVersion protocol) {
        RedisPubSubCommands<String, String> commands = connect(protocol).sync();
        commands.subscribe("channel");
        assertThat(this.heard).containsExactly("subscribed channel 1");
        assertThat(publisher.publish("channel", "message")).isOne();
        awaitHeard("message channel message");
        commands.unsubscribe("channel");
        assertThat(this.heard).endsWith("unsubscribed channel 0");
        assertThat(publisher.publish("channel", "message")).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void aPatternIsHeardFromItsSubscribeToItsUnsubscribe(ProtocolVersion protocol) {
        RedisPubSubCommands<String, String> commands = connect(protocol).sync();
        commands.psubscribe("chan*");
        assertThat(publisher.publish("channel", "message")).isOne();
        awaitHeard("psubscribed chan* 1", "message chan* channel message");
        commands.punsubscribe("chan*");
        assertThat(this.heard).endsWith("punsubscribed chan* 0");
        assertThat(publisher.pubsubNumpat()).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void severalChannelsAreDoneWhenTheCallReturns(ProtocolVersion protocol) {
        RedisPubSubCommands<String, String> commands = connect(protocol).sync();
        String[] channels =
                IntStream.range(0, 50).mapToObj(number -> "several" + number).toArray(String[]::new);
        commands.subscribe(channels);
        assertThat(this.heard).hasSize(50).endsWith("subscribed several49 50");
        commands.ssubscribe(channels);
        assertThat(this.heard).hasSize(100);
        commands.unsubscribe(channels);
        assertThat(this.heard).hasSize(150).endsWith("unsubscribed several49 0");
        assertThat(publisher.pubsubChannels("several*")).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void everythingIsLeftAtOnce(ProtocolVersion protocol) {
        RedisPubSubCommands<String, String> commands = connect(protocol).sync();
        commands.subscribe("one", "two");
        commands.psubscribe("three*", "four*");
        commands.unsubscribe();
        commands.punsubscribe();
        // the server leaves them in an order of its own
        assertThat(this.heard.subList(4, 8))
                .extracting(event -> event.replaceFirst(" \\S+ ", " "))
                .containsExactly("unsubscribed 3", "unsubscribed 2", "punsubscribed 1", "punsubscribed 0");
        // with nothing left to leave
        commands.unsubscribe();
        assertThat(commands.ping()).isEqualTo("PONG");
        assertThat(this.heard).hasSize(8);
    }

    @ParameterizedTest
    @EnumSource
    void namesAndMessagesAreUtf8(ProtocolVersion protocol) {
        connect(protocol).sync().subscribe("käse–チーズ");
        publisher.publish("käse–チーズ", "αβγ\r\n");
        awaitHeard("message käse–チーズ αβγ\r\n");
    }

    @ParameterizedTest
    @EnumSource
    void whatWasSubscribedIsSubscribedAgainOnTheNextConnection(ProtocolVersion protocol) {
        StatefulRedisPubSubConnection<String, String> connection = connect(protocol);
        connection.sync().subscribe("channel");
        connection.sync().psubscribe("pattern*");
        connection
                .async()
                .ssubscribe("{a}shard", "{b}shard")
                .toCompletableFuture()
                .join();
        this.heard.clear();
        killAllSubscribers();
        awaitHeard(
                "subscribed channel 1", "psubscribed pattern* 2", "ssubscribed {a}shard 1", "ssubscribed {b}shard 2");
        publisher.publish("channel", "1");
        publisher.publish("pattern1", "2");
        publisher.spublish("{a}shard", "3");
        publisher.spublish("{b}shard", "4");
        awaitHeard("message channel 1", "message pattern* pattern1 2", "smessage {a}shard 3", "smessage {b}shard 4");
        assertThat(this.heard).hasSize(8);
    }

    @ParameterizedTest
    @EnumSource
    void aClosedConnectionTakesNoCommand(ProtocolVersion protocol) {
        StatefulRedisPubSubConnection<String, String> connection = connect(protocol);
        connection.sync().subscribe("channel");
        connection.closeAsync().join();
        assertThat(connection.isOpen()).isFalse();
        assertThatExceptionOfType(RedisException.class)
                .isThrownBy(() -> connection.sync().subscribe("other"))
                .withMessageContaining("closed");
        LivePipe.await(() -> publisher.publish("channel", "message") == 0);
    }

    @ParameterizedTest
    @EnumSource
    void pingIsAnsweredWhileSubscribed(ProtocolVersion protocol) {
        RedisPubSubCommands<String, String> commands = connect(protocol).sync();
        commands.subscribe("channel");
        assertThat(commands.ping()).isEqualTo(protocol == ProtocolVersion.RESP3 ? "PONG" : "");
        if (protocol == ProtocolVersion.RESP3) {
            assertThat(commands.echo("echo")).isEqualTo("echo");
        } else {
            assertThatThrownBy(() -> commands.echo("echo")).hasMessageContaining("not allowed while subscribed");
        }
    }

    @ParameterizedTest
    @EnumSource
    void anErrorIsThrownToItsCallerAndTheConnectionGoesOn(ProtocolVersion protocol) {
        RedisPubSubCommands<String, String> commands = connect(protocol).sync();
        assertThatExceptionOfType(RedisCommandExecutionException.class)
                .isThrownBy(() -> commands.auth("nobody", "wrong"))
                .withMessageStartingWith("WRONGPASS");
        publisher.aclSetuser(
                "deaf", AclSetuserArgs.Builder.on().nopass().allCommands().resetChannels());
        commands.auth("deaf", "any");
        assertThatExceptionOfType(RedisCommandExecutionException.class)
                .isThrownBy(() -> commands.subscribe("one", "two"))
                .withMessageStartingWith("NOPERM");
        assertThat(commands.echo("echo")).isEqualTo("echo");
        assertThat(this.heard).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void aListenerThatIsRemovedHearsNothingMore(ProtocolVersion protocol) {
        StatefulRedisPubSubConnection<String, String> connection = connect(protocol);
        List<String> other = new CopyOnWriteArrayList<>();
        RedisPubSubAdapter<String, String> second = new RedisPubSubAdapter<>() {

            @Override
            public void message(String channel, String message) {
                other.add(message);
            }
        };
        connection.addListener(second);
        connection.sync().subscribe("channel");
        publisher.publish("channel", "1");
        awaitHeard("message channel 1");
        connection.removeListener(second);
        publisher.publish("channel", "2");
        awaitHeard("message channel 2");
        assertThat(other).containsExactly("1");
    }

    @ParameterizedTest
    @EnumSource
    void reactiveSubscribersHearMessages(ProtocolVersion protocol) {
        StatefulRedisPubSubConnection<String, String> connection = connect(protocol);
        List<String> observed = new CopyOnWriteArrayList<>();
        var observing =
                connection.reactive().observeChannels().subscribe(message -> observed.add(message.getMessage()));
        connection.reactive().subscribe("channel").block(Duration.ofSeconds(10));
        publisher.publish("channel", "message");
        LivePipe.await(() -> observed.contains("message"));
        observing.dispose();
    }

    @ParameterizedTest
    @EnumSource
    void noMessageIsEverTakenForAReply(ProtocolVersion protocol) throws Exception {
        StatefulRedisPubSubConnection<String, String> connection = connect(protocol);
        connection.sync().subscribe("busy");
        connection.async().ssubscribe("sbusy").get(10, TimeUnit.SECONDS);
        List<RedisFuture<?>> published = new ArrayList<>();
        List<RedisFuture<?>> asked = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            published.add(publishing().spublish("sbusy", "s" + i));
            published.add(publishing().publish("busy", "m" + i));
            asked.add(connection.async().ssubscribe("channel" + i));
            asked.add(connection.async().ping());
            asked.add(connection.async().subscribe("channel" + i));
        }
        for (RedisFuture<?> future : published) {
            assertThat(future.get(10, TimeUnit.SECONDS)).isEqualTo(1L);
        }
        for (int i = 0; i < asked.size(); i++) {
            Object answer = asked.get(i).get(10, TimeUnit.SECONDS);
            assertThat(answer).isIn(i % 3 != 1 ? new Object[] {null} : new Object[] {"PONG", ""});
        }
        awaitHeard("smessage sbusy s499", "message busy m499");
        assertThat(this.heard)
                .filteredOn(event -> event.startsWith("smessage sbusy"))
                .hasSize(500);
        assertThat(this.heard)
                .filteredOn(event -> event.startsWith("message busy"))
                .hasSize(500);
    }

    private static RedisAsyncCommands<String, String> publishing() {
        return publisher.getStatefulConnection().async();
    }

    @ParameterizedTest
    @EnumSource
    void aNodesShardChannelsOfManySlotsComeBackWithItsConnection(ProtocolVersion protocol) throws Exception {
        RedisNode node = LiveCluster.get().masters().get(0);
        List<String> channels = IntStream.range(0, 40)
                .mapToObj(number -> LiveCluster.get().channelOwnedBy(node, "back" + protocol + number + "-"))
                .toList();
        assertThat(channels.stream().map(SlotHash::getSlot).distinct()).hasSizeGreaterThan(10);
        RedisClusterClient client =
                RedisClusterClient.create(this.fence.around(resources), RedisURI.create(node.host(), node.port()));
        client.setOptions(
                ClusterClientOptions.builder().protocolVersion(protocol).build());
        List<String> received = new CopyOnWriteArrayList<>();
        try (StatefulRedisClusterPubSubConnection<String, String> connection = client.connectPubSub()) {
            connection.addListener(new RedisClusterPubSubAdapter<>() {

                @Override
                public void smessage(RedisClusterNode from, String channel, String message) {
                    received.add(channel + " " + message);
                }

                @Override
                public void ssubscribed(RedisClusterNode from, String channel, long count) {
                    received.add("again " + channel);
                }
            });
            for (String channel : channels) {
                connection.async().ssubscribe(channel).get(10, TimeUnit.SECONDS);
            }
            received.clear();
            node.killClients("pubsub");
            List<String> again =
                    channels.stream().map(channel -> "again " + channel).toList();
            LivePipe.await(() -> received.containsAll(again));
            channels.forEach(channel -> node.command("SPUBLISH", channel, "back"));
            List<String> messages =
                    channels.stream().map(channel -> channel + " back").toList();
            LivePipe.await(() -> received.containsAll(messages));
            assertThat(received).hasSize(80);
        } finally {
            client.shutdown(0, 0, TimeUnit.MILLISECONDS);
        }
    }

    private final class Hearing extends RedisPubSubAdapter<String, String> {

        @Override
        public void message(String channel, String message) {
            FencedConnectionTests.this.heard.add("message " + channel + " " + message);
        }

        @Override
        public void message(String pattern, String channel, String message) {
            FencedConnectionTests.this.heard.add("message " + pattern + " " + channel + " " + message);
        }

        @Override
        public void smessage(String channel, String message) {
            FencedConnectionTests.this.heard.add("smessage " + channel + " " + message);
        }

        @Override
        public void subscribed(String channel, long count) {
            FencedConnectionTests.this.heard.add("subscribed " + channel + " " + count);
        }

        @Override
        public void psubscribed(String pattern, long count) {
            FencedConnectionTests.this.heard.add("psubscribed " + pattern + " " + count);
        }

        @Override
        public void ssubscribed(String channel, long count) {
            FencedConnectionTests.this.heard.add("ssubscribed " + channel + " " + count);
        }

        @Override
        public void unsubscribed(String channel, long count) {
            FencedConnectionTests.this.heard.add("unsubscribed " + channel + " " + count);
        }

        @Override
        public void punsubscribed(String pattern, long count) {
            FencedConnectionTests.this.heard.add("punsubscribed " + pattern + " " + count);
        }
    }
}
