package io.sluice.plan;

/**
 * How work is sent.
 *
 * @param kamelet name of the writer
 * @param most    records of one call
 */
public record Method(String kamelet, int most) {
}
