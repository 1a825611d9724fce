import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Looks at a running sample as a visitor would: waits for its health, moves slots over HTTP, and checks that every channel is
 * subscribed and receives.
 *
 * <p>{@code java .ci/SampleCheck.java http://localhost:8080}
 */
public class SampleCheck {

    private static final HttpClient CLIENT =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();

    private final String base;

    private SampleCheck(String base) {
        this.base = base;
    }

    public static void main(String[] args) throws Exception {
        SampleCheck check = new SampleCheck(args[0]);
        check.await("health UP", Duration.ofMinutes(5), () -> check.get("/actuator/health").contains("\"status\":\"UP\""));
        check.await("every channel SUBSCRIBED", Duration.ofSeconds(20), check::allSubscribed);
        long channels = count(check.get("/api/overview"), "\"channel\":\"");
        if (channels < 100) {
            throw new IllegalStateException("Some hundred channels were expected, but there are " + channels);
        }
        System.out.println("reshard: " + check.send("POST", "/api/reshard?slots=200"));
        check.await("every channel SUBSCRIBED after 200 moves", Duration.ofSeconds(1), check::allSubscribed);
        long before = check.total("received");
        check.await("messages received after the moves", Duration.ofSeconds(5), () -> check.total("received") > before + channels);
        expect("health", check.get("/actuator/health").contains("\"status\":\"UP\""));
        expect("out of step 0", check.metric("sharded.pubsub.out.of.step", "COUNT") == 0);
        expect("interruptions counted", check.metric("sharded.pubsub.interruptions", "COUNT") >= 100);
        String overview = check.get("/api/overview");
        System.out.println("totals: " + overview.substring(overview.indexOf("\"totals\"")));
        expect("a wrong channel gets 404", check.status("POST", "/api/channels/nobody/move") == 404);
        expect("a wrong number gets 400", check.status("POST", "/api/reshard?slots=-1") == 400);
        System.out.println("The sample holds what it promises");
    }

    private boolean allSubscribed() throws Exception {
        String overview = get("/api/overview");
        long channels = count(overview, "\"channel\":\"");
        return channels > 0 && count(overview, "\"state\":\"SUBSCRIBED\"") == channels;
    }

    private long total(String name) throws Exception {
        String overview = get("/api/overview");
        return (long) number(overview.substring(overview.indexOf("\"totals\"")), "\"" + name + "\":");
    }

    private double metric(String name, String statistic) throws Exception {
        return number(get("/actuator/metrics/" + name), "\"statistic\":\"" + statistic + "\",\"value\":");
    }

    private static double number(String json, String before) {
        Matcher matcher = Pattern.compile(Pattern.quote(before) + "([-0-9.E]+)").matcher(json);
        if (!matcher.find()) {
            throw new IllegalStateException("No " + before + " in " + json);
        }
        return Double.parseDouble(matcher.group(1));
    }

    private static long count(String text, String part) {
        return Pattern.compile(Pattern.quote(part)).matcher(text).results().count();
    }

    private static void expect(String what, boolean holds) {
        if (!holds) {
            throw new IllegalStateException("Not so: " + what);
        }
        System.out.println("ok: " + what);
    }

    private interface Condition {

        boolean holds() throws Exception;
    }

    private void await(String what, Duration limit, Condition condition) throws Exception {
        Instant end = Instant.now().plus(limit);
        while (true) {
            try {
                if (condition.holds()) {
                    System.out.println("ok: " + what);
                    return;
                }
            } catch (IOException notThereYet) {
                // the application is starting
            }
            if (Instant.now().isAfter(end)) {
                throw new IllegalStateException("Not within " + limit + ": " + what);
            }
            Thread.sleep(50);
        }
    }

    private String get(String path) throws Exception {
        return send("GET", path);
    }

    private String send(String method, String path) throws Exception {
        return response(method, path).body();
    }

    private int status(String method, String path) throws Exception {
        return response(method, path).statusCode();
    }

    private HttpResponse<String> response(String method, String path) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(this.base + path))
                .timeout(Duration.ofMinutes(2))
                .method(method, HttpRequest.BodyPublishers.noBody())
                .build();
        return CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
    }
}
