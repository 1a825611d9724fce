package io.github.shardedpubsub.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.verifyNoInteractions;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.http.HttpStatus;
import org.springframework.test.web.servlet.assertj.MockMvcTester;

class ClusterControllerTests {

    private final SlotMover mover = mock();

    private final MockMvcTester mvc =
            MockMvcTester.of(new ClusterController(mock(ClusterNodes.class), this.mover, mock(ClusterDrill.class)));

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/api/reshard?slots=0",
                "/api/reshard?slots=1001",
                "/api/reshard?slots=1&millis=-1",
                "/api/reshard?slots=1&millis=1001",
                "/api/channels/one/move?millis=-1"
            })
    void numbersOutOfRangeAreRefused(String path) {
        assertThat(this.mvc.post().uri(path)).hasStatus(HttpStatus.BAD_REQUEST);
        verifyNoInteractions(this.mover);
    }

    @Test
    void aMoveTakesAsLongAsIsSaid() {
        given(this.mover.reshard(5, Duration.ofMillis(100)))
                .willReturn(new Overview.Progress("Moving 5 slots", 5, 5, 600, false));
        given(this.mover.move("one", Duration.ZERO)).willReturn(new ClusterNodes.Move(7, "a:1", "b:2"));
        assertThat(this.mvc.post().uri("/api/reshard?slots=5&millis=100")).hasStatusOk();
        assertThat(this.mvc.post().uri("/api/channels/one/move")).hasStatusOk();
        verify(this.mover).reshard(5, Duration.ofMillis(100));
        verify(this.mover).move("one", Duration.ZERO);
    }
}
