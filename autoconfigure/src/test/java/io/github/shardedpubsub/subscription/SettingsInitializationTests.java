package io.github.shardedpubsub.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URL;
import java.net.URLClassLoader;
import org.junit.jupiter.api.Test;

/** Settings are whole in whatever order their classes are used first. */
class SettingsInitializationTests {

    @Test
    void defaultsAreWholeWhenHandoverIsUsedFirst() throws Exception {
        URL classes =
                SubscriptionSettings.class.getProtectionDomain().getCodeSource().getLocation();
        // classes that nobody has used yet
        try (URLClassLoader fresh = new URLClassLoader(new URL[] {classes}, ClassLoader.getPlatformClassLoader())) {
            String settings = SubscriptionSettings.class.getPackageName();
            Class.forName(settings + ".HandoverSettings", true, fresh);
            Object defaults = Class.forName(settings + ".SubscriptionSettings", true, fresh)
                    .getField("DEFAULTS")
                    .get(null);
            assertThat(defaults.toString()).contains("handover=HandoverSettings[interval=PT2S");
        }
    }
}
