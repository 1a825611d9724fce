package io.github.shardedpubsub.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.autoconfigure.UnsupportedRedisException.Requirement;
import io.github.shardedpubsub.listener.ShardChannelPatternException;
import io.github.shardedpubsub.listener.ShardSubscriptionTimeoutException;
import io.github.shardedpubsub.recovery.ShardHistoryImpossibleException;
import io.github.shardedpubsub.recovery.ShardHistoryRefusedException;
import io.github.shardedpubsub.subscription.NodeAddress;
import io.github.shardedpubsub.subscription.ShardSubscriptionRefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.beans.factory.BeanCreationException;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.core.io.support.SpringFactoriesLoader;

class FailureAnalyzerTests {

    private static FailureAnalysis analyze(RuntimeException failure) {
        return SpringFactoriesLoader.forDefaultResourceLocation()
                // Boot's own want a bean factory, which is not there.
                .load(FailureAnalyzer.class, (type, name, ex) -> {})
                .stream()
                .filter(analyzer -> analyzer.getClass().getPackage().equals(FailureAnalyzerTests.class.getPackage()))
                .map(analyzer -> analyzer.analyze(new BeanCreationException("bean", "failed", failure)))
                .filter(analysis -> analysis != null)
                .findFirst()
                .orElseThrow();
    }

    @ParameterizedTest
    @CsvSource({
        "LETTUCE, spring.data.redis.client-type",
        "CLUSTER, spring.data.redis.cluster.nodes",
        "RESP3, RESP2",
        "SERVER, Redis 7.0"
    })
    void saysWhatToDoAboutAConnectionThatIsNotSupported(Requirement requirement, String action) {
        FailureAnalysis analysis = analyze(new UnsupportedRedisException(requirement, "what was seen."));
        assertThat(analysis.getDescription()).isEqualTo("Sharded pub/sub cannot be used: what was seen.");
        assertThat(analysis.getAction()).contains(action);
    }

    @ParameterizedTest
    @EnumSource(Requirement.class)
    void alwaysNamesTheWayOut(Requirement requirement) {
        assertThat(analyze(new UnsupportedRedisException(requirement, "seen")).getAction())
                .contains("sharded-pubsub.enabled=false");
    }

    @Test
    void saysWhichPermissionIsMissing() {
        FailureAnalysis analysis = analyze(
                new ShardSubscriptionRefusedException("orders", new NodeAddress("127.0.0.1", 7000), "NOPERM no"));
        assertThat(analysis.getDescription()).contains("'orders'").contains("NOPERM no");
        assertThat(analysis.getAction()).contains("+ssubscribe +sunsubscribe +ping &orders");
    }

    @Test
    void saysWhichPermissionIsMissingForAHistory() {
        FailureAnalysis analysis = analyze(new ShardHistoryRefusedException("orders", "NOPERM no"));
        assertThat(analysis.getDescription()).contains("'orders'").contains("NOPERM no");
        assertThat(analysis.getAction())
                .contains("ACL SETUSER <user> ~sharded-pubsub:history* +eval", "+xrevrange")
                .contains("'sharded-pubsub.recovery.channels'", "recover = \"false\"");
    }

    @Test
    void theRulesForAHistoryAreThoseOfTheDocument() throws IOException {
        assertThat(Files.readString(Path.of("..", "docs", "recovery.md")))
                .contains("ACL SETUSER app " + ShardHistoryRefusedException.RULES + "\n");
    }

    @Test
    void saysWhatToDoAboutAChannelThatCanHaveNoHistory() {
        FailureAnalysis analysis = analyze(new ShardHistoryImpossibleException("a}b"));
        assertThat(analysis.getDescription())
                .contains("'a}b' can have no history")
                .contains("hash tag");
        assertThat(analysis.getAction())
                .contains("orders:{eu}", "'sharded-pubsub.recovery.channels'", "recover = \"true\"");
    }

    @Test
    void saysWhatToDoAboutChannelsThatAreNotConfirmed() {
        FailureAnalysis analysis = analyze(new ShardSubscriptionTimeoutException(
                "1 of 1: 'closed' (last error: CLUSTERDOWN); 'reset'", List.of("closed", "reset")));
        assertThat(analysis.getDescription()).startsWith("1 of 1");
        assertThat(analysis.getAction())
                .contains("sharded-pubsub.subscription-timeout")
                .contains("sharded-pubsub.listener.fail-on-start-timeout=false")
                .doesNotContain("password", "TLS");
    }

    @ParameterizedTest
    @CsvSource({
        "WRONGPASS invalid username-password pair or user is disabled., spring.data.redis.password",
        "unable to find valid certification path to requested target, truststore",
        "No subject alternative names matching IP address 127.0.0.1 found, truststore",
        "not an SSL/TLS record: 2d455252, may speak none",
        "Connection reset, spring.data.redis.ssl.enabled=true",
        "Received fatal alert: certificate_required, keystore"
    })
    void saysWhatToDoAboutServersThatDoNotLetTheApplicationIn(String said, String action) {
        FailureAnalysis analysis = analyze(
                new ShardSubscriptionTimeoutException("'orders' (last error: " + said + ")", List.of("orders")));
        assertThat(analysis.getDescription()).contains(said);
        assertThat(analysis.getAction()).contains(action).contains("sharded-pubsub.subscription-timeout");
    }

    @Test
    void saysWhatToDoAboutAPattern() {
        FailureAnalysis analysis = analyze(new ShardChannelPatternException("orders:*"));
        assertThat(analysis.getDescription()).contains("'orders:*'");
        assertThat(analysis.getAction()).contains("ChannelTopic.of");
    }
}
