package io.github.shardedpubsub.sample;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What can be set of the sample in code; how often something is published is for the scheduler, in {@code application.yml}.
 *
 * @param couriers how many couriers are on the road, at least 1
 */
@ConfigurationProperties("sample")
public record SampleProperties(@DefaultValue("120") int couriers) {

    public SampleProperties {
        if (couriers < 1) {
            throw new IllegalArgumentException("sample.couriers must be at least 1, but is " + couriers);
        }
    }
}
