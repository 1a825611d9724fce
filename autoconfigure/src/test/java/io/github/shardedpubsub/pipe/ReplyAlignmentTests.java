package io.github.shardedpubsub.pipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The fence, and whose a {@code sunsubscribe} was, case by case. */
class ReplyAlignmentTests {

    private static final String MOVED = "MOVED 866 127.0.0.1:7002";

    private static final String MISCONF = "MISCONF Redis is configured to save RDB snapshots";

    private static final String MASTERDOWN = "MASTERDOWN Link with MASTER is down";

    private static final String BUSY = "BUSY Redis is busy running a script.";

    private static final String NOAUTH = "NOAUTH Authentication required.";

    private static final String CLUSTERDOWN = "CLUSTERDOWN Hash slot not served";

    private static final String UNKNOWN_PING = "ERR unknown command 'PING', with args beginning with: '1' ";

    private static final String STRANGE = "ERR a proxy has had enough";

    private final AlignedConnection connection = new AlignedConnection();

    private FencedUnit subscribe(String... channels) {
        return this.connection.send(FencedUnit.subscribe(EmbeddedPipe.names(channels)));
    }

    private FencedUnit unsubscribe(String... channels) {
        return this.connection.send(FencedUnit.unsubscribe(EmbeddedPipe.names(channels)));
    }

    /** {@code +a} confirms, {@code ~a} ends, a number is an echo, anything else an error line. */
    private void receive(String... all) throws OutOfStepException {
        for (String one : all) {
            this.connection.receive(
                    switch (one.charAt(0)) {
                        case '+' -> new Received.Confirmation(ChannelName.of(one.substring(1)));
                        case '~' -> new Received.End(ChannelName.of(one.substring(1)));
                        default ->
                            Character.isDigit(one.charAt(0))
                                    ? new Received.Echo(Long.parseLong(one))
                                    : new Received.Failure(new ReplyError(one));
                    });
        }
    }

    private void assertTold(String... expected) {
        List<String> told = new ArrayList<>();
        for (Told one : this.connection.told) {
            if (one instanceof Told.Finished finished) {
                told.add(finished.unit().number() + " " + RecordingListener.text(finished.outcome()));
            } else if (one instanceof Told.Ended ended) {
                told.add("ended " + ended.channel());
            }
        }
        assertThat(told).containsExactly(expected);
    }

    @Nested
    @DisplayName("The fence")
    class Fence {

        @Test
        void slotHere() throws Exception {
            unsubscribe("a", "b");
            receive("~a", "~b");
            assertTold();
            receive("1");
            assertTold("1 confirmed");
        }

        @Test
        void slotMovedAway() throws Exception {
            unsubscribe("a", "b");
            receive("~a", "~b", MOVED, "1");
            assertTold("ended a", "ended b", "1 refused MOVED");
        }

        @Test
        void savingFails() throws Exception {
            unsubscribe("a");
            receive("~a", MISCONF);
            assertTold("1 confirmed");
        }

        @Test
        void slotMovedAwayAndSavingFails() throws Exception {
            unsubscribe("a");
            unsubscribe("b");
            receive(MOVED, MISCONF, "~b", MISCONF);
            assertTold("1 refused MOVED", "2 confirmed");
        }

        @Test
        void notAuthenticatedAnyMore() throws Exception {
            subscribe("a");
            unsubscribe("b");
            receive(NOAUTH, NOAUTH, NOAUTH, NOAUTH);
            assertTold("1 refused NOAUTH", "2 refused NOAUTH");
        }

        @Test
        void pingRenamedAway() throws Exception {
            subscribe("a");
            unsubscribe("a");
            receive("+a", UNKNOWN_PING, "~a", UNKNOWN_PING);
            assertTold("1 confirmed", "2 confirmed");
        }

        @Test
        void masterGone() throws Exception {
            unsubscribe("a");
            unsubscribe("b");
            unsubscribe("c");
            receive("~a", MASTERDOWN, MOVED, MASTERDOWN, CLUSTERDOWN, MASTERDOWN);
            assertTold("1 confirmed", "2 refused MOVED", "3 refused CLUSTERDOWN");
        }

        @Test
        void aScriptBlocksBothHalves() throws Exception {
            unsubscribe("a");
            subscribe("b");
            receive(BUSY, BUSY, BUSY, BUSY);
            assertTold("1 refused BUSY", "2 refused BUSY");
        }

        @Test
        void aScriptBlocksThePingAlone() throws Exception {
            subscribe("a");
            receive("+a", BUSY);
            assertTold("1 confirmed");
        }

        @Test
        void userWithoutPing() throws Exception {
            unsubscribe("a");
            receive("~a", "NOPERM User app has no permissions to run the 'ping' command");
            assertTold("1 confirmed");
        }

        @Test
        void userWithoutTheChannel() throws Exception {
            subscribe("a");
            unsubscribe("a");
            receive("NOPERM User app has no permissions to access the 'a' channel", "1", "~a", "2");
            assertTold("1 refused NOPERM", "2 confirmed");
        }

        @Test
        void loading() throws Exception {
            subscribe("a");
            unsubscribe("a");
            receive("+a", "LOADING Redis is loading", "~a", "LOADING Redis is loading");
            assertTold("1 confirmed", "2 confirmed");
        }

        @Test
        void migratingOnRedis74() throws Exception {
            unsubscribe("a");
            receive("ASK 866 127.0.0.1:7002", "1");
            assertTold("1 refused ASK");
        }
    }

    @Nested
    @DisplayName("Whose sunsubscribe was it?")
    class Whose {

        @Test
        void outsideOfAnyUnitItIsTheServersOwn() throws Exception {
            receive("~a");
            assertTold("ended a");
            unsubscribe("a");
            receive("~a", "1", "~a");
            assertTold("ended a", "1 confirmed", "ended a");
        }

        @Test
        void whereTheCommandFailedAllAreTheServersOwn() throws Exception {
            unsubscribe("a", "b");
            receive("~a", "~b", "~a", CLUSTERDOWN, "~b", "1");
            assertTold("ended a", "ended b", "ended a", "ended b", "1 refused CLUSTERDOWN");
        }

        @Test
        void whereItSucceededTheLastForEachChannelIsTheReply() throws Exception {
            unsubscribe("a", "b");
            receive("~a", "~b", "~a", "~b", "1");
            assertTold("ended a", "ended b", "1 confirmed");
        }

        @Test
        void theNewestRedis8SendsASecondOneAndNoError() throws Exception {
            subscribe("a");
            receive("+a", "1");
            unsubscribe("a");
            receive("~a", "~a", "2");
            assertTold("1 confirmed", "ended a", "2 confirmed");
        }

        @Test
        void oneForAnotherChannelIsTheServersOwnAndToldAtOnce() throws Exception {
            unsubscribe("a");
            receive("~z");
            assertTold("ended z");
        }

        @Test
        void oneBehindAConfirmationIsToldBehindIt() throws Exception {
            subscribe("a", "b");
            receive("~a", "+a", "~a", "+b");
            assertTold("ended a");
            receive("1");
            assertTold("ended a", "1 confirmed", "ended a");
        }
    }

    @Nested
    @DisplayName("In doubt")
    class Doubt {

        @Test
        void anEchoOfTheSameUnitProvesThatTheErrorWasTheCommands() throws Exception {
            unsubscribe("a");
            receive("~a", STRANGE);
            assertTold();
            assertThat(connection.needsFence()).isTrue();
            connection.send(FencedUnit.fence());
            assertThat(connection.needsFence()).isFalse();
            receive("1");
            assertTold("ended a", "1 refused ERR");
        }

        @Test
        void anEchoOfTheNextUnitProvesThatTheErrorWasThePings() throws Exception {
            unsubscribe("a");
            receive("~a", STRANGE);
            connection.send(FencedUnit.fence());
            receive("2");
            assertTold("1 confirmed", "2 confirmed");
        }

        @Test
        void aConfirmationOfTheNextUnitProvesItToo() throws Exception {
            unsubscribe("a");
            subscribe("b");
            receive("~a", STRANGE, "+b");
            assertTold("1 confirmed");
        }

        @Test
        void noFenceIsNeededWhileSomethingInFlightCanDecide() throws Exception {
            unsubscribe("a");
            unsubscribe("b");
            receive("~a", STRANGE);
            assertThat(connection.needsFence()).isFalse();
            receive(STRANGE);
            // either "1" failed twice, or its PING and the second command did
            assertThat(connection.needsFence()).isFalse();
            receive("2");
            assertTold("1 confirmed", "2 refused ERR");
        }

        @Test
        void whatTwoReadingsLeadToIsUnknownWhereTheyDiffer() throws Exception {
            unsubscribe("a");
            unsubscribe("b");
            unsubscribe("c");
            // a refused, b confirmed with its PING in error; or a confirmed with its PING in error, b refused
            receive("~a", STRANGE, STRANGE, "~b", STRANGE, "~c", "3");
            assertThat(connection.told)
                    .filteredOn(Told.Finished.class::isInstance)
                    .extracting(told -> RecordingListener.text(((Told.Finished) told).outcome()))
                    .containsExactly("unknown", "unknown", "confirmed");
            assertThat(connection.told).contains(new Told.Ended(ChannelName.of("a")));
        }

        @Test
        void aPushIsToldOnceThoughTwoReadingsPlaceItDifferently() throws Exception {
            unsubscribe("a");
            unsubscribe("b");
            unsubscribe("c");
            receive("~a", STRANGE, "~b", STRANGE, "~b", STRANGE, "~c", "3");
            assertThat(connection.told)
                    .filteredOn(new Told.Ended(ChannelName.of("b"))::equals)
                    .hasSizeLessThanOrEqualTo(2);
        }

        @Test
        void aReplyForAnotherCommandCannotBeTakenInDoubt() throws Exception {
            unsubscribe("a");
            receive("~a", STRANGE);
            assertThatThrownBy(connection::sendForeign).isInstanceOf(OutOfStepException.class);
        }
    }

    @Nested
    @DisplayName("Out of step")
    class OutOfStep {

        private void assertOutOfStep(String... received) {
            String[] before = Arrays.copyOf(received, received.length - 1);
            assertThatThrownBy(() -> {
                        receive(before);
                        assertThat(connection.received).hasSize(before.length);
                        receive(received[before.length]);
                    })
                    .isInstanceOf(OutOfStepException.class);
            assertThat(connection.received).hasSize(received.length);
        }

        @Test
        void aNumberThatIsNotDue() {
            subscribe("a");
            subscribe("b");
            assertOutOfStep("+a", "2");
        }

        @Test
        void anEchoBeforeTheCommandIsAnswered() {
            unsubscribe("a", "b");
            assertOutOfStep("~a", "1");
        }

        @Test
        void aConfirmationOfAnotherChannel() {
            subscribe("a");
            assertOutOfStep("+b");
        }

        @Test
        void aConfirmationTooMany() {
            subscribe("a");
            assertOutOfStep("+a", "+a");
        }

        @Test
        void anErrorInTheMiddleOfASuccess() {
            subscribe("a", "b");
            assertOutOfStep("+a", MOVED);
        }

        @Test
        void thePingsErrorBeforeTheCommandIsAnswered() {
            subscribe("a");
            assertOutOfStep(MISCONF);
        }

        @Test
        void theCommandsErrorInPlaceOfTheFence() {
            subscribe("a");
            assertOutOfStep("+a", MOVED);
        }

        @Test
        void anythingWhereNothingIsDue() {
            assertOutOfStep("1");
        }
    }
}
