// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.soap;

import java.util.Set;

/** Builds a fault as the partner API words it: the code twice, in a detail whose type names the kind of fault. */
public final class SoapFault {

    private static final String NAMESPACE = "urn:fault.partner.soap.sforce.com";
    /** Faults that name a row and a column of a query. */
    private static final Set<String> IN_QUERY =
            Set.of("MalformedQueryFault", "InvalidFieldFault", "InvalidSObjectFault");

    private SoapFault() {}

    /** Builds the envelope of a fault of the vendor's own, whose code is one of its {@code ExceptionCode}. */
    public static String of(String code, String message) {
        String type = type(code);
        return fault(
                "sf:" + code,
                code + ": " + message,
                fault -> fault.element(
                        "detail",
                        detail -> detail.typedField(type, "sf:" + type, content -> {
                            content.field("exceptionCode", code).field("exceptionMessage", message);
                            if (IN_QUERY.contains(type)) {
                                content.field("row", -1).field("column", -1);
                            }
                        })));
    }

    /** Builds the envelope of a fault for a message that is none of the API's. */
    public static String client(String message) {
        return fault("soapenv:Client", message, fault -> {});
    }

    private static String fault(String code, String message, EnvelopeWriter.Content detail) {
        return EnvelopeWriter.envelope(
                "",
                NAMESPACE,
                envelope -> envelope.soap(
                        "Body",
                        body -> body.soap("Fault", fault -> {
                            fault.value("faultcode", code).value("faultstring", message);
                            detail.write(fault);
                        })));
    }

    private static String type(String code) {
        return switch (code) {
            case "INVALID_LOGIN" -> "LoginFault";
            case "MALFORMED_QUERY" -> "MalformedQueryFault";
            case "INVALID_FIELD" -> "InvalidFieldFault";
            case "INVALID_TYPE" -> "InvalidSObjectFault";
            case "INVALID_QUERY_LOCATOR" -> "InvalidQueryLocatorFault";
            case "MALFORMED_ID" -> "InvalidIdFault";
            default -> "UnexpectedErrorFault";
        };
    }
}
