package io.sluice.crm;

/**
 * What a CRM answered to one object's part of a call that carries several. A writer Kamelet of such calls says it of each
 * object, as a map by the object's name in the header {@value #HEADER}, where the call itself was answered.
 *
 * @param status HTTP status of the part
 * @param blame  what it is about
 */
public record PartAnswer(int status, ErrorScope blame) {

    public static final String HEADER = "SluiceParts";
}
