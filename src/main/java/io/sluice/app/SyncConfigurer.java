// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import io.sluice.Suggestion;
import io.sluice.Sync;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.camel.CamelContext;
import org.apache.camel.TypeConversionException;
import org.apache.camel.spi.PropertyConfigurer;
import org.apache.camel.spi.PropertyConfigurerGetter;

/**
 * Binds the properties of a sync's file to its bean. An unknown property, or an invalid value, is recorded as a mistake of that
 * sync: Camel's own binding would end the process with a stack trace that does not name the file. Camel finds this class by
 * {@code META-INF/services/org/apache/camel/configurer}.
 */
public final class SyncConfigurer implements PropertyConfigurer, PropertyConfigurerGetter {

    /** Properties that Sluice sets, never a file. */
    private static final Set<String> OWN =
            Set.of("name", "file", "parent", "mistakes", "unreadable", "problem", "textFields");

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

    /**
     * A place below a property, as Camel resolves it: a dot or brackets in a name become a path, so that the column {@code
     * na.me} arrives as {@code me} of {@code na} of {@code fields}
     * (<a href="https://camel.apache.org/manual/property-binding.html">Camel, Property binding</a>). A value that is set there
     * is the line of a column, or a mistake.
     */
    private static final class Place extends HashMap<String, Object> {

        private static final long serialVersionUID = 1L;
        private static final String FIELDS = "fields";

        private final transient Sync sync;
        private final String path;

        Place(Sync sync, String path) {
            this.sync = sync;
            this.path = path;
        }

        Place below(String name) {
            return new Place(sync, path + "." + name);
        }

        @Override
        public Object get(Object key) {
            return new Place(sync, path + "[" + key + "]");
        }

        @Override
        public Object put(String key, Object value) {
            take(path + "[" + key + "]", value);
            return null;
        }

        void take(String name, Object value) {
            if (name.startsWith(FIELDS + ".")) {
                sync.getFields().put(name.substring(FIELDS.length() + 1), value == null ? null : value.toString());
                return;
            }
            String property = camelCase(name.replaceFirst("[.\\[].*", ""));
            sync.addMistake(new Sync.Mistake(
                    property,
                    SETTERS.containsKey(property)
                            ? property + " is given as '" + name + "'; "
                                    + expected(SETTERS.get(property).getParameterTypes()[0])
                            : unknown(property)));
        }
    }

    @Override
    public Class<?> getOptionType(String name, boolean ignoreCase) {
        return null;
    }

    @Override
    public Object getOptionValue(Object target, String name, boolean ignoreCase) {
        return target instanceof Place place ? place.below(name) : new Place((Sync) target, name);
    }

    /** Makes Camel use this class below a property, too. */
    @Override
    public Object getCollectionValueType(Object target, String name, boolean ignoreCase) {
        return Sync.class;
    }

    @Override
    public boolean configure(CamelContext context, Object target, String name, Object value, boolean ignoreCase) {
        if (target instanceof Place place) {
            place.take(place.path + "." + name, value);
            return true;
        }
        Sync sync = (Sync) target;
        Method setter = SETTERS.get(camelCase(name));
        if (setter == null) {
            sync.addMistake(new Sync.Mistake(name, unknown(name)));
            return true;
        }
        try {
            setter.invoke(sync, converted(context, setter.getParameterTypes()[0], value));
        } catch (InvocationTargetException failure) {
            sync.addMistake(
                    new Sync.Mistake(name, name + ": " + failure.getCause().getMessage()));
        } catch (TypeConversionException | IllegalArgumentException failure) {
            sync.addMistake(
                    new Sync.Mistake(name, name + " is '" + value + "'; " + expected(setter.getParameterTypes()[0])));
        } catch (IllegalAccessException hidden) {
            throw new IllegalStateException(hidden);
        }
        return true;
    }

    private static String unknown(String name) {
        return "there is no property '" + name + "'" + Suggestion.hint(name, SETTERS.keySet());
    }

    static boolean isProperty(String name) {
        return SETTERS.containsKey(camelCase(name));
    }

    /** Converts external-id to externalId, as Camel does. */
    static String camelCase(String name) {
        StringBuilder camel = new StringBuilder();
        for (String part : name.split("-")) {
            camel.append(
                    camel.isEmpty() || part.isEmpty()
                            ? part
                            : Character.toUpperCase(part.charAt(0)) + part.substring(1));
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
        if (type == Map.class && !(value instanceof Map)
                || type == String.class && value instanceof Map
                || value instanceof Iterable) {
            throw new IllegalArgumentException();
        }
        return value == null || type.isInstance(value)
                ? value
                : context.getTypeConverter().convertTo(type, value);
    }

    private static String expected(Class<?> type) {
        return type == boolean.class
                ? "write true or false"
                : type == Map.class ? "write one line for each column, as column: CRM field" : "write one word or text";
    }
}
