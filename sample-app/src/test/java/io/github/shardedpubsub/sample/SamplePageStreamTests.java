package io.github.shardedpubsub.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What pages are told, over HTTP. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT, properties = "sample.interval=100ms")
class SamplePageStreamTests {

    private static final Duration SOON = Duration.ofSeconds(20);

    private final HttpClient http = HttpClient.newHttpClient();

    private final List<InputStream> open = new ArrayList<>();

    @LocalServerPort
    private int port;

    @Autowired
    private JsonMapper json;

    @Autowired
    private PageStream stream;

    private HttpResponse<InputStream> open() throws Exception {
        HttpResponse<InputStream> response = this.http.send(
                HttpRequest.newBuilder(URI.create("http://localhost:" + this.port + "/api/stream"))
                        .timeout(SOON)
                        .build(),
                HttpResponse.BodyHandlers.ofInputStream());
        this.open.add(response.body());
        return response;
    }

    private BufferedReader page() throws Exception {
        HttpResponse<InputStream> response = open();
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("content-type"))
                .hasValueSatisfying(type -> assertThat(type).startsWith("text/event-stream"));
        return new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
    }

    private JsonNode next(BufferedReader page) throws IOException {
        String line = Objects.requireNonNull(page.readLine());
        while (!line.startsWith("data:")) {
            line = Objects.requireNonNull(page.readLine());
        }
        return this.json.readTree(line.substring("data:".length()));
    }

    @AfterEach
    void everyPageThatWasLeftIsForgotten() throws IOException {
        for (InputStream each : this.open) {
            each.close();
        }
        await().atMost(SOON).until(() -> this.stream.clients() == 0);
    }

    @Test
    void aPageIsToldEverythingAndThenWhatHasChanged() throws Exception {
        BufferedReader page = page();
        JsonNode first = next(page);
        assertThat(first.get("setting").get("channels")).hasSize(120);
        assertThat(first.get("setting").get("slots")).hasSize(120);
        assertThat(first.get("setting").get("ours").asBoolean()).isTrue();
        assertThat(first.get("channels")).hasSize(120);
        assertThat(first.get("channels").get(0)).hasSize(10);
        assertThat(first.get("headline").get("channels").asInt()).isEqualTo(120);
        Set<Integer> heardOf = new HashSet<>();
        await().atMost(SOON).until(() -> {
            JsonNode update = next(page);
            assertThat(update.get("setting").isNull()).isTrue();
            update.get("channels").forEach(row -> heardOf.add(row.get(0).asInt()));
            return heardOf.size() == 120;
        });
    }

    @Test
    void whatIsAsItWasIsNotToldAgain() throws Exception {
        BufferedReader page = page();
        next(page);
        next(page);
        // a role or connection may just have changed, but not again and again
        await().atMost(SOON).until(() -> {
            JsonNode update = next(page);
            return update.get("nodes").isNull()
                    && update.get("connections").isNull()
                    && update.get("events").isEmpty()
                    && update.get("pulses").size() <= 1;
        });
    }

    @Test
    void noMoreAreToldThanThereIsRoomFor() throws Exception {
        for (int i = 0; i < PageStream.MAX_CLIENTS; i++) {
            assertThat(open().statusCode()).isEqualTo(200);
        }
        HttpResponse<InputStream> refused = open();
        assertThat(refused.statusCode()).isEqualTo(503);
        assertThat(this.json.readTree(refused.body()).get("detail").asString()).contains("are open already");
    }
}
