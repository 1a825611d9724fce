package io.github.shardedpubsub.listener;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.BeanFactoryAware;
import org.springframework.beans.factory.BeanInitializationException;
import org.springframework.beans.factory.NoSuchBeanDefinitionException;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.config.DestructionAwareBeanPostProcessor;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.annotation.AnnotationUtils;
import org.springframework.core.annotation.MergedAnnotation;
import org.springframework.core.annotation.MergedAnnotationPredicates;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.core.annotation.MergedAnnotations.SearchStrategy;
import org.springframework.core.annotation.RepeatableContainers;
import org.springframework.data.redis.config.RedisListenerConfigurer;
import org.springframework.data.redis.config.RedisListenerEndpointRegistrar;
import org.springframework.data.redis.listener.Topic;
import org.springframework.data.redis.listener.support.SimpleTopicResolver;
import org.springframework.messaging.handler.annotation.support.MessageHandlerMethodFactory;
import org.springframework.util.Assert;
import org.springframework.util.ErrorHandler;
import org.springframework.validation.Validator;

/**
 * Makes a {@link ShardedListenerEndpoint} of each {@link ShardedRedisListener}, registers it, and starts it unless that is switched
 * off. It ends with its bean. How arguments are resolved and payloads converted is Spring Data's doing, with the application's
 * {@link RedisListenerConfigurer} beans.
 */
public class ShardedRedisListenerAnnotationBeanPostProcessor
        implements DestructionAwareBeanPostProcessor, BeanFactoryAware, SmartInitializingSingleton {

    private final Set<Class<?>> withoutListeners = ConcurrentHashMap.newKeySet();

    private final AtomicInteger generatedIds = new AtomicInteger();

    private final SimpleTopicResolver topics = new SimpleTopicResolver();

    /** Of each annotated bean, by what is behind its proxies. */
    private final Map<Object, List<ShardedListenerEndpoint>> endpoints =
            Collections.synchronizedMap(new IdentityHashMap<>());

    /** Those that were found before all singletons were there; null from then on. Guarded by its monitor. */
    private @Nullable List<Annotated> found = new ArrayList<>();

    private @Nullable ConfigurableListableBeanFactory beanFactory;

    private @Nullable MessageHandlerMethodFactory methods;

    /** Kept, since it cannot be asked for while beans are destroyed. */
    private volatile @Nullable ShardedRedisListenerRegistry registry;

    private record Annotated(Object bean, Method method, ShardedRedisListener annotation) {}

    @Override
    public void setBeanFactory(BeanFactory beanFactory) {
        Assert.isInstanceOf(ConfigurableListableBeanFactory.class, beanFactory);
        this.beanFactory = (ConfigurableListableBeanFactory) beanFactory;
    }

    @Override
    public Object postProcessAfterInitialization(Object bean, String beanName) {
        Class<?> type = AopProxyUtils.ultimateTargetClass(bean);
        if (bean instanceof AopInfrastructureBean
                || this.withoutListeners.contains(type)
                || !AnnotationUtils.isCandidateClass(type, ShardedRedisListener.class)) {
            return bean;
        }
        Map<Method, List<ShardedRedisListener>> annotated = MethodIntrospector.selectMethods(type, (Method method) -> {
            List<ShardedRedisListener> listeners = listeners(method);
            return listeners.isEmpty() ? null : listeners;
        });
        if (annotated.isEmpty()) {
            this.withoutListeners.add(type);
            return bean;
        }
        requireEnd(beanName, annotated.keySet());
        this.endpoints.put(behindProxies(bean), new CopyOnWriteArrayList<>());
        List<Annotated> all = new ArrayList<>();
        annotated.forEach((method, listeners) -> listeners.forEach(each -> all.add(new Annotated(bean, method, each))));
        found(all);
        return bean;
    }

    /** Nobody tells when a prototype's life ends. */
    private void requireEnd(String beanName, Set<Method> methods) {
        if (factory().containsBean(beanName) && factory().isPrototype(beanName)) {
            throw new BeanInitializationException("@ShardedRedisListener is on "
                    + methods.iterator().next() + ", and the bean '" + beanName
                    + "' is a prototype: each new one would listen, and none would ever end, since Spring does not tell when it"
                    + " is needed no more. Make it a singleton or give it another scope; or add it to the container as a"
                    + " MessageListener, and remove it yourself");
        }
    }

    private static Object behindProxies(Object bean) {
        Object target = AopProxyUtils.getSingletonTarget(bean);
        return target != null ? behindProxies(target) : bean;
    }

    @Override
    public boolean requiresDestruction(Object bean) {
        return this.endpoints.containsKey(behindProxies(bean));
    }

    @Override
    public void postProcessBeforeDestruction(Object bean, String beanName) {
        List<ShardedListenerEndpoint> ending = this.endpoints.remove(behindProxies(bean));
        if (ending != null) {
            ending.forEach(this::unregister);
        }
    }

    private void unregister(ShardedListenerEndpoint endpoint) {
        ShardedRedisListenerRegistry registry = this.registry;
        if (registry != null) {
            registry.unregister(endpoint.getId());
        }
    }

    /** All that are on a method, or else on the nearest that it overrides; also those in annotations of the application's own. */
    private static List<ShardedRedisListener> listeners(Method method) {
        return MergedAnnotations.from(method, SearchStrategy.TYPE_HIERARCHY, RepeatableContainers.standardRepeatables())
                .stream(ShardedRedisListener.class)
                .filter(MergedAnnotationPredicates.firstRunOf(MergedAnnotation::getAggregateIndex))
                .map(MergedAnnotation::synthesize)
                .toList();
    }

    private void found(List<Annotated> ofOneBean) {
        synchronized (this) {
            if (this.found != null) {
                this.found.addAll(ofOneBean);
                return;
            }
        }
        try {
            ofOneBean.forEach(this::register);
        } catch (RuntimeException | Error ex) {
            // there will be no such bean, and so nothing will be destroyed
            postProcessBeforeDestruction(ofOneBean.get(0).bean(), "");
            throw ex;
        }
    }

    @Override
    public void afterSingletonsInstantiated() {
        List<Annotated> all;
        synchronized (this) {
            all = this.found != null ? this.found : List.of();
            this.found = null;
        }
        this.withoutListeners.clear();
        all.forEach(this::register);
    }

    private void register(Annotated annotated) {
        ConfigurableListableBeanFactory factory = factory();
        ShardedRedisListener annotation = annotated.annotation();
        AttributeValues values = new AttributeValues(factory, annotated.method());
        String id = values.text(annotation.id());
        Method invocable = AopUtils.selectInvocableMethod(
                annotated.method(), annotated.bean().getClass());
        ShardedListenerEndpoint endpoint = new ShardedListenerEndpoint(
                id.isBlank() ? ShardedListenerEndpoint.GENERATED_ID + this.generatedIds.getAndIncrement() : id,
                bean(values.text(annotation.container()), ShardedRedisMessageListenerContainer.class, annotated),
                new MethodMessageListener(
                        methods().createInvocableHandlerMethod(annotated.bean(), invocable),
                        values.text(annotation.consumes())),
                topics(values.texts(annotation.topic()), annotated),
                options(annotation, values, annotated));
        registry().register(endpoint);
        List<ShardedListenerEndpoint> ofBean = this.endpoints.get(behindProxies(annotated.bean()));
        if (ofBean != null) {
            ofBean.add(endpoint);
        }
        if (values.bool("autoStartup", annotation.autoStartup(), true)) {
            endpoint.start();
        }
    }

    private Set<Topic> topics(List<String> names, Annotated annotated) {
        if (names.isEmpty()) {
            throw new BeanInitializationException(
                    "@ShardedRedisListener on " + annotated.method() + " names no channel. Name one at least");
        }
        Set<Topic> topics = new LinkedHashSet<>();
        names.forEach(name -> {
            Topic topic = this.topics.resolveTopic(name);
            topics.add(topic);
        });
        return topics;
    }

    private ListenerOptions options(ShardedRedisListener annotation, AttributeValues values, Annotated annotated) {
        String errorHandler = values.text(annotation.errorHandler());
        return new ListenerOptions(
                values.positiveNumber("concurrency", annotation.concurrency()),
                values.positiveNumber("queueCapacity", annotation.queueCapacity()),
                values.constant(OverflowPolicy.class, "overflow", annotation.overflow()),
                errorHandler.isBlank() ? null : bean(errorHandler, ErrorHandler.class, annotated),
                null,
                values.bool("recover", annotation.recover()),
                values.start("start", annotation.start()));
    }

    private <T> T bean(String name, Class<T> type, Annotated annotated) {
        try {
            return factory().getBean(name, type);
        } catch (NoSuchBeanDefinitionException ex) {
            throw new BeanInitializationException(
                    "@ShardedRedisListener on " + annotated.method() + " refers to the bean '" + name + "', a "
                            + type.getSimpleName() + ", and there is none with this name",
                    ex);
        }
    }

    private ShardedRedisListenerRegistry registry() {
        ShardedRedisListenerRegistry present = this.registry;
        if (present == null) {
            present = factory().getBean(ShardedRedisListenerRegistry.class);
            this.registry = present;
        }
        return present;
    }

    private synchronized MessageHandlerMethodFactory methods() {
        if (this.methods == null) {
            RedisListenerEndpointRegistrar registrar = new RedisListenerEndpointRegistrar();
            registrar.setBeanFactory(factory());
            registrar.setValidator(factory().getBeanProvider(Validator.class).getIfUnique());
            registrar.apply(ListenerConverters.configurers(factory()));
            this.methods = registrar.getMessageHandlerMethodFactory();
        }
        return this.methods;
    }

    private ConfigurableListableBeanFactory factory() {
        Assert.state(this.beanFactory != null, "No bean factory has been set");
        return this.beanFactory;
    }
}
