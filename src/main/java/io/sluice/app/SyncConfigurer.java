package io.sluice.app;

import io.sluice.Nearest;
import io.sluice.Sync;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.camel.CamelContext;
import org.apache.camel.TypeConversionException;
import org.apache.camel.spi.PropertyConfigurer;

/**
 * Binds what a file says of a sync to its bean. A property that is not there, or a value that it can't take, is kept as a
 * mistake of that sync: Camel's own binding ends the process with a stack trace before anybody could say which file it was.
 * Camel finds this class by {@code META-INF/services/org/apache/camel/configurer}.
 */
public final class SyncConfigurer implements PropertyConfigurer {

    /** Set by Sluice, never by a file. */
    private static final Set<String> OWN = Set.of("name", "file", "parent", "mistakes", "problem", "textFields");

    private static final Map<String, Method> SETTERS = setters();

    private static Map<String, Method> setters() {
        Map<String, Method> setters = new TreeMap<>();
        Arrays.stream(Sync.class.getMethods())
                .filter(method -> method.getName().startsWith("set") && method.getParameterCount() == 1)
                .forEach(method -> setters.put(property(method.getName().substring("set".length())), method));
        setters.keySet().removeAll(OWN);
        return Map.copyOf(setters);
    }

    private static String property(String name) {
        return Character.toLowerCase(name.charAt(0)) + name.substring(1);
    }

    /** The lines of {@code fields} come one by one, with the map as their target. */
    @Override
    @SuppressWarnings("unchecked")
    public boolean configure(CamelContext context, Object target, String name, Object value, boolean ignoreCase) {
        if (target instanceof Map<?, ?> fields) {
            ((Map<String, String>) fields).put(name, value == null ? null : value.toString());
            return true;
        }
        Sync sync = (Sync) target;
        Method setter = SETTERS.get(camelCase(name));
        if (setter == null) {
            sync.mistake("there is no property '" + name + "'" + Nearest.hint(name, SETTERS.keySet()));
            return true;
        }
        try {
            setter.invoke(sync, converted(context, setter.getParameterTypes()[0], value));
        } catch (InvocationTargetException refused) {
            sync.mistake(name + ": " + refused.getCause().getMessage());
        } catch (TypeConversionException | IllegalArgumentException refused) {
            sync.mistake(name + " is '" + value + "'; " + expected(setter.getParameterTypes()[0]));
        } catch (IllegalAccessException hidden) {
            throw new IllegalStateException(hidden);
        }
        return true;
    }

    /** Camel takes external-id for externalId. */
    private static String camelCase(String name) {
        StringBuilder camel = new StringBuilder();
        for (String part : name.split("-")) {
            camel.append(camel.isEmpty() || part.isEmpty() ? part : Character.toUpperCase(part.charAt(0)) + part.substring(1));
        }
        return camel.toString();
    }

    private static Object converted(CamelContext context, Class<?> type, Object value) {
        if (type == boolean.class) {
            if (!String.valueOf(value).matches("true|false")) {
                throw new IllegalArgumentException();
            }
            return Boolean.parseBoolean(value.toString());
        }
        if (type == Map.class && !(value instanceof Map) || type == String.class && value instanceof Map
                || value instanceof Iterable) {
            throw new IllegalArgumentException();
        }
        return value == null || type.isInstance(value) ? value : context.getTypeConverter().convertTo(type, value);
    }

    private static String expected(Class<?> type) {
        return type == boolean.class ? "write true or false"
                : type == Map.class ? "write one line for each column, as column: CRM field" : "write one word or text";
    }
}
