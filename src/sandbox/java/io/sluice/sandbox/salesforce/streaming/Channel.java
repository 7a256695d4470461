// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.streaming;

import io.sluice.sandbox.store.ObjectType;
import io.sluice.sandbox.store.Store;

/** Names the channels, by their kinds. */
final class Channel {

    static final String ALL_CHANGES = "/data/ChangeEvents";
    private static final String TOPIC = "/topic/";
    private static final String DATA = "/data/";
    private static final String PLATFORM = "/event/";
    private static final String CHANGE_EVENT = "ChangeEvent";

    private Channel() {}

    /**
     * Kinds of channels: how long Salesforce keeps their events (<a
     * href="https://developer.salesforce.com/docs/atlas.en-us.api_streaming.meta/api_streaming/using_streaming_api_durability.htm">Message
     * Durability</a>), and which allocation counts their deliveries.
     */
    enum Kind {
        TOPIC(24, Streaming.TOPIC_DELIVERIES),
        HIGH_VOLUME(72, Streaming.EVENT_DELIVERIES);

        private final int retentionHours;
        private final String allocation;

        Kind(int retentionHours, String allocation) {
            this.retentionHours = retentionHours;
            this.allocation = allocation;
        }

        int retentionHours() {
            return retentionHours;
        }

        String allocation() {
            return allocation;
        }
    }

    static Kind kindOf(String channel) {
        return channel.startsWith(TOPIC) ? Kind.TOPIC : Kind.HIGH_VOLUME;
    }

    static String ofTopic(String name) {
        return TOPIC + name;
    }

    static String ofPlatformEvent(ObjectType type) {
        return PLATFORM + type.name();
    }

    /** Answers the channel of an object's changes, such as {@code /data/Booking__ChangeEvent} of Booking__c. */
    static String ofChanges(ObjectType type) {
        return DATA + changeEvent(type);
    }

    /** Answers the name of an object's change events, such as Booking__ChangeEvent of Booking__c. */
    static String changeEvent(ObjectType type) {
        return type.custom()
                ? type.name().substring(0, type.name().length() - 1) + CHANGE_EVENT
                : type.name() + CHANGE_EVENT;
    }

    static boolean isTopic(String channel) {
        return channel.startsWith(TOPIC);
    }

    /** Whether a channel of change events or of platform events exists, selected or not. Names are case-sensitive. */
    static boolean exists(Store store, String channel) {
        return channel.equals(ALL_CHANGES)
                || store.tables().stream()
                        .anyMatch(table -> isPlatformEvent(table.type())
                                ? channel.equals(ofPlatformEvent(table.type()))
                                : channel.equals(ofChanges(table.type())));
    }

    /** Whether the object is a platform event: its records are published and not kept. */
    static boolean isPlatformEvent(ObjectType type) {
        return type.name().endsWith("__e");
    }
}
