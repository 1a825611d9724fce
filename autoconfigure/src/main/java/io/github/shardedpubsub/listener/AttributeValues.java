package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.recovery.StartPosition;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.BeanExpressionContext;
import org.springframework.beans.factory.config.BeanExpressionResolver;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.util.StringUtils;

/** The attributes of an annotation, with placeholders and SpEL resolved. */
final class AttributeValues {

    /** Nothing but a placeholder, with a default or without. */
    private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{([^:{}]+)(:.*)?}");

    private final ConfigurableBeanFactory beanFactory;

    /** What is annotated, for messages. */
    private final Object place;

    AttributeValues(ConfigurableBeanFactory beanFactory, Object place) {
        this.beanFactory = beanFactory;
        this.place = place;
    }

    /** Never null; what resolves to nothing is empty. */
    String text(String value) {
        return Objects.toString(evaluate(value), "");
    }

    /** The texts of an attribute, each of which may have become several. */
    List<String> texts(String[] values) {
        List<String> texts = new ArrayList<>();
        for (String value : values) {
            List<String> elements = elements(value);
            if (elements.isEmpty()) {
                addAll(texts, evaluate(value));
            } else {
                elements.forEach(element -> addAll(texts, evaluate(element)));
            }
        }
        return texts;
    }

    /** Placeholders for what a list in YAML has become, where the value is one for the list; empty where it is not. */
    private List<String> elements(String value) {
        List<String> elements = new ArrayList<>();
        Matcher placeholder = PLACEHOLDER.matcher(value);
        if (placeholder.matches() && !isSet(placeholder.group(1))) {
            String name = placeholder.group(1);
            while (isSet(name + "[" + elements.size() + "]")) {
                elements.add("${" + name + "[" + elements.size() + "]}");
            }
        }
        return elements;
    }

    private boolean isSet(String property) {
        return StringUtils.hasText(this.beanFactory.resolveEmbeddedValue("${" + property + ":}"));
    }

    private static void addAll(List<String> texts, @Nullable Object evaluated) {
        if (evaluated instanceof Collection<?> several) {
            several.forEach(each -> addAll(texts, each));
        } else if (evaluated instanceof Object[] several) {
            Arrays.asList(several).forEach(each -> addAll(texts, each));
        } else if (evaluated != null && !evaluated.toString().isBlank()) {
            texts.add(evaluated.toString());
        }
    }

    /** Null if it is empty. */
    @Nullable
    Integer positiveNumber(String attribute, String value) {
        String text = text(value).trim();
        if (text.isEmpty()) {
            return null;
        }
        try {
            int number = Integer.parseInt(text);
            if (number > 0) {
                return number;
            }
        } catch (NumberFormatException ex) {
            throw refused(attribute, text, "a whole number, at least 1", ex);
        }
        throw refused(attribute, text, "a whole number, at least 1", null);
    }

    boolean bool(String attribute, String value, boolean ifEmpty) {
        return Objects.requireNonNullElse(bool(attribute, value), ifEmpty);
    }

    /** Null if it is empty. */
    @Nullable
    Boolean bool(String attribute, String value) {
        String text = text(value).trim().toLowerCase(Locale.ROOT);
        return switch (text) {
            case "" -> null;
            case "true" -> true;
            case "false" -> false;
            default -> throw refused(attribute, text, "true or false", null);
        };
    }

    /** Spelled as a property is. Null if it is empty. */
    <E extends Enum<E>> @Nullable E constant(Class<E> type, String attribute, String value) {
        String text = text(value).trim();
        if (text.isEmpty()) {
            return null;
        }
        try {
            return Enum.valueOf(type, text.replace('-', '_').toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException ex) {
            List<String> possible = Arrays.stream(type.getEnumConstants())
                    .map(each -> each.name().toLowerCase(Locale.ROOT).replace('_', '-'))
                    .toList();
            throw refused(attribute, text, "one of " + possible, ex);
        }
    }

    /** Null if it is empty. */
    @Nullable
    StartPosition start(String attribute, String value) {
        String text = text(value).trim();
        try {
            return text.isEmpty() ? null : StartPosition.parse(text);
        } catch (IllegalArgumentException ex) {
            throw refused(attribute, text, "a start. " + ex.getMessage(), ex);
        }
    }

    private IllegalStateException refused(String attribute, String found, String wanted, @Nullable Exception cause) {
        return new IllegalStateException(
                "'" + attribute + "' of @ShardedRedisListener on " + this.place + " is '" + found + "', but has to be "
                        + wanted,
                cause);
    }

    private @Nullable Object evaluate(String value) {
        String embedded = this.beanFactory.resolveEmbeddedValue(value);
        BeanExpressionResolver resolver = this.beanFactory.getBeanExpressionResolver();
        return resolver != null
                ? resolver.evaluate(embedded, new BeanExpressionContext(this.beanFactory, null))
                : embedded;
    }
}
