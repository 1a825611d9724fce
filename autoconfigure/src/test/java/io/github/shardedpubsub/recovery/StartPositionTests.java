package io.github.shardedpubsub.recovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StartPositionTests {

    private static final StreamPosition POSITION = StreamPosition.parse("5f7053b90a1b2c3d/1795833838649-7");

    @Test
    void isReadFromText() {
        assertThat(StartPosition.parse("new")).isEqualTo(StartPosition.NEW);
        assertThat(StartPosition.parse("last:100")).isEqualTo(StartPosition.last(100));
        assertThat(StartPosition.parse("since:10m")).isEqualTo(StartPosition.since(Duration.ofMinutes(10)));
        assertThat(StartPosition.parse("since:1500ms")).isEqualTo(StartPosition.since(Duration.ofMillis(1500)));
        assertThat(StartPosition.parse("since:PT1H")).isEqualTo(StartPosition.since(Duration.ofHours(1)));
        assertThat(StartPosition.parse("after:5f7053b90a1b2c3d/1795833838649-7"))
                .isEqualTo(StartPosition.after(POSITION));
        assertThat(StartPosition.parse("stored")).isEqualTo(StartPosition.stored());
        assertThat(StartPosition.parse("stored:new")).isEqualTo(StartPosition.stored());
        assertThat(StartPosition.parse("stored:last:5")).isEqualTo(StartPosition.stored(StartPosition.last(5)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"new", "last:3", "since:PT10M", "after:5f7053b90a1b2c3d/7-1", "stored", "stored:since:PT0.5S"})
    void isWrittenAsItIsRead(String text) {
        assertThat(StartPosition.parse(text)).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "latest",
                "new:1",
                "last",
                "last:",
                "last:x",
                "last:0",
                "last:-1",
                "since",
                "since:",
                "since:soon",
                "since:0s",
                "since:-1s",
                "after",
                "after:7-1",
                "stored:",
                "stored:stored",
                "stored:later",
                "NEW"
            })
    void saysWhatItCanBe(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> StartPosition.parse(text))
                .withMessageContaining("A start is new, last:100, since:10m, after:<position>, stored, or stored:")
                .withMessageContaining("not '" + text + "'");
    }

    @Test
    void aListenersPositionIsWrittenAsItIsRead() {
        ListenerPosition position = new ListenerPosition(POSITION, Instant.ofEpochMilli(1795833838999L));
        assertThat(position).hasToString("5f7053b90a1b2c3d/1795833838649-7@1795833838999");
        assertThat(ListenerPosition.parse(position.toString())).isEqualTo(position);
        ListenerPosition origin = new ListenerPosition(StreamPosition.ORIGIN, Instant.ofEpochMilli(5));
        assertThat(ListenerPosition.parse(origin.toString())).isEqualTo(origin);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "5f7053b90a1b2c3d/7-1", "@7", "5f7053b90a1b2c3d/7-1@", "5f7053b90a1b2c3d/7-1@x"})
    void whatIsNoListenersPositionIsRefused(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> ListenerPosition.parse(text));
    }
}
