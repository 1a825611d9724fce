package io.github.shardedpubsub.sample;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What can be set of the sample.
 *
 * @param couriers how many couriers are on the road
 * @param interval how often each of them says where it is
 */
@ConfigurationProperties("sample")
public record SampleProperties(
        @DefaultValue("120") int couriers,
        @DefaultValue("500ms") Duration interval) {}
