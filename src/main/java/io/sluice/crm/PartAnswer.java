// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

/**
 * Holds the CRM's answer to one object's part of a call that carries several. A writer Kamelet of such calls sets the header
 * {@value #HEADER} to a map of these by the object's name, where the call itself was answered.
 *
 * @param status HTTP status of the part
 * @param scope  the scope of its error
 */
public record PartAnswer(int status, ErrorScope scope) {

    public static final String HEADER = "SluiceParts";
}
