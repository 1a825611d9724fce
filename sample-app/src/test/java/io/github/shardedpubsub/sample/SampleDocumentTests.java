package io.github.shardedpubsub.sample;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.web.bind.annotation.RequestMapping;

/** What docs/sample.md says of the sample's paths. */
class SampleDocumentTests {

    private static final Pattern PATH = Pattern.compile("/api/[a-z{}/-]*[a-z}]");

    private static final List<Class<?>> CONTROLLERS = List.of(
            ClusterController.class,
            LettuceAloneController.class,
            OverviewController.class,
            PageStreamController.class,
            RecoveryController.class);

    private static Stream<String> paths(Method method) {
        RequestMapping mapping = AnnotatedElementUtils.findMergedAnnotation(method, RequestMapping.class);
        return mapping == null ? Stream.empty() : Arrays.stream(mapping.path());
    }

    @Test
    void everyPathIsNamedAndEveryNamedPathIsThere() throws Exception {
        String document = Files.readString(Path.of("../docs/sample.md"));
        Set<String> named =
                PATH.matcher(document).results().map(MatchResult::group).collect(Collectors.toSet());
        Set<String> there = CONTROLLERS.stream()
                .flatMap(controller -> Arrays.stream(controller.getDeclaredMethods()))
                .flatMap(SampleDocumentTests::paths)
                .collect(Collectors.toSet());
        assertThat(there).hasSize(11);
        assertThat(named).isEqualTo(there);
    }
}
