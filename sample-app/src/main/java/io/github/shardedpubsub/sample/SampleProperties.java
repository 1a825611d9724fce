package io.github.shardedpubsub.sample;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What can be set of the sample in code; how often other things are done is for the scheduler, in {@code application.yml}.
 *
 * @param couriers how many couriers are on the road, at least 1
 * @param interval how often each of them publishes its position, at least 10 ms
 */
@ConfigurationProperties("sample")
public record SampleProperties(
        @DefaultValue("120") int couriers,
        @DefaultValue("500ms") Duration interval) {

    private static final Duration SHORTEST = Duration.ofMillis(10);

    public SampleProperties {
        if (couriers < 1) {
            throw new IllegalArgumentException("sample.couriers must be at least 1, but is " + couriers);
        }
        if (interval.compareTo(SHORTEST) < 0) {
            throw new IllegalArgumentException("sample.interval must be at least 10 ms, but is " + interval);
        }
    }
}
