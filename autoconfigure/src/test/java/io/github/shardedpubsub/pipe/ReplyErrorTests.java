package io.github.shardedpubsub.pipe;

import static io.github.shardedpubsub.pipe.ReplyError.Half.COMMAND;
import static io.github.shardedpubsub.pipe.ReplyError.Half.EITHER;
import static io.github.shardedpubsub.pipe.ReplyError.Half.FENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.shardedpubsub.pipe.ReplyError.Half;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ReplyErrorTests {

    static Stream<Arguments> errors() {
        return Stream.of(
                // slots
                arguments("MOVED 5798 127.0.0.1:7001", COMMAND),
                arguments("MOVED 5798 ping:7001", COMMAND),
                arguments("MOVED 5798 :7001", COMMAND),
                arguments("ASK 5798 127.0.0.1:7001", COMMAND),
                arguments("CLUSTERDOWN Hash slot not served", COMMAND),
                arguments("CLUSTERDOWN The cluster is down", COMMAND),
                arguments("CROSSSLOT Keys in request don't hash to the same slot", COMMAND),
                arguments("TRYAGAIN Multiple keys request during rehashing of slot", COMMAND),
                // the node's state: 7.0, 7.2 and later, Valkey
                arguments(
                        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. "
                                + "Commands that may modify the data set are disabled, because this instance is configured "
                                + "to report errors during writes if RDB snapshotting fails "
                                + "(stop-writes-on-bgsave-error option). Please check the Redis logs for details about the "
                                + "RDB error.",
                        FENCE),
                arguments(
                        "MISCONF Valkey is configured to save RDB snapshots, but it's currently unable to persist to disk.",
                        FENCE),
                arguments("MISCONF Errors writing to the AOF file: No space left on device", FENCE),
                arguments("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", FENCE),
                arguments("LOADING Redis is loading the dataset in memory", FENCE),
                arguments("LOADING Valkey is loading the dataset in memory", FENCE),
                // both halves
                arguments(
                        "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
                        EITHER),
                arguments("BUSY Redis is busy running a module command.", EITHER),
                arguments("NOAUTH Authentication required.", EITHER),
                // permissions: 7.0
                arguments("NOPERM this user has no permissions to run the 'ping' command", FENCE),
                arguments("NOPERM this user has no permissions to run the 'ssubscribe' command", COMMAND),
                arguments("NOPERM this user has no permissions to run the 'sunsubscribe' command", COMMAND),
                arguments(
                        "NOPERM this user has no permissions to access one of the channels used as arguments", COMMAND),
                // permissions: 7.2 and later, Valkey
                arguments("NOPERM User app has no permissions to run the 'ping' command", FENCE),
                arguments("NOPERM User app has no permissions to run the 'ssubscribe' command", COMMAND),
                arguments("NOPERM User app has no permissions to access the 'orders' channel", COMMAND),
                arguments("NOPERM No permissions to access a channel", COMMAND),
                // permissions: names that lie
                arguments(
                        "NOPERM User run the 'ping' command has no permissions to run the 'ssubscribe' command",
                        COMMAND),
                arguments(
                        "NOPERM User run the 'ssubscribe' command has no permissions to run the 'ping' command", FENCE),
                arguments("NOPERM User run the ' has no permissions to run the 'ping' command", FENCE),
                arguments(
                        "NOPERM User ping has no permissions to access the 'run the 'ping' command' channel", COMMAND),
                arguments("NOPERM User x channel has no permissions to run the 'ping' command", FENCE),
                arguments("NOPERM User app has no permissions to access the 'ping' channel", COMMAND),
                // permissions that nobody knows
                arguments("NOPERM something new", EITHER),
                arguments("NOPERM User app has no permissions to run the 'client|setinfo' command", EITHER),
                arguments("NOPERM run the 'ping' command is what you may not", EITHER),
                // commands that are not there: 5, 7 and later
                arguments("ERR unknown command `PING`, with args beginning with: `1`, ", FENCE),
                arguments("ERR unknown command 'PING', with args beginning with: '1' ", FENCE),
                arguments("ERR unknown command 'SSUBSCRIBE', with args beginning with: 'ping' ", COMMAND),
                arguments("ERR unknown command `SSUBSCRIBE`, with args beginning with: `'PING'`, ", COMMAND),
                arguments("ERR unknown command 'SUNSUBSCRIBE', with args beginning with: 'a' ", COMMAND),
                arguments("ERR unknown command 'PINGS', with args beginning with: '1' ", EITHER),
                // what nobody has listed
                arguments("ERR max number of clients reached", EITHER),
                arguments("ERR", EITHER),
                arguments("", EITHER),
                arguments("movED 1 a:1", EITHER),
                arguments("READONLY You can't write against a read only replica.", EITHER));
    }

    @ParameterizedTest
    @MethodSource("errors")
    void anErrorTellsWhichHalfOfAUnitCanGetIt(String message, Half half) {
        assertThat(new ReplyError(message).half()).isEqualTo(half);
    }

    @ParameterizedTest
    @CsvSource({"MOVED 1 a:1, MOVED", "ERR, ERR", "'', ''", "NOPERM x y, NOPERM"})
    void theCodeIsTheFirstWord(String message, String code) {
        assertThat(new ReplyError(message).code()).isEqualTo(code);
    }
}
