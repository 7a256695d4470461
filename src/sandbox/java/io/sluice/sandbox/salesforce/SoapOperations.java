// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.salesforce.soap.Element;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.Table;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Finds the handler of an operation of the SOAP API; the referee counts {@code upsert} as {@code soapUpsert}. */
final class SoapOperations {

    private final Map<String, Handler> handlers = new HashMap<>();

    /** Answers a call. */
    private interface Handler {
        Answer answer(SoapCall call, Request.Attempt attempt);
    }

    SoapOperations(Cursors cursors, Sessions sessions) {
        SoapReads reads = new SoapReads(cursors);
        handlers.put("create", SoapWrites::create);
        handlers.put("update", SoapWrites::update);
        handlers.put("upsert", SoapWrites::upsert);
        handlers.put("delete", SoapWrites::delete);
        handlers.put("undelete", SoapWrites::undelete);
        handlers.put("merge", SoapWrites::merge);
        handlers.put("convertLead", SoapWrites::convertLead);
        handlers.put("emptyRecycleBin", SoapWrites::emptyRecycleBin);
        handlers.put("query", reads::query);
        handlers.put("queryAll", reads::queryAll);
        handlers.put("queryMore", reads::queryMore);
        handlers.put("retrieve", SoapReads::retrieve);
        handlers.put("describeGlobal", SoapDescribes::global);
        handlers.put("describeSObject", SoapDescribes::object);
        handlers.put("describeSObjects", SoapDescribes::objects);
        handlers.put("getUserInfo", SoapLogin::userInfo);
        handlers.put("getServerTimestamp", SoapDescribes::timestamp);
        handlers.put("logout", (call, attempt) -> {
            call.envelope().header("SessionHeader", "sessionId").ifPresent(sessions::revoke);
            return call.answer(xml -> {});
        });
    }

    Request request(SoapCall call) {
        String name = call.envelope().operation();
        Handler handler = handlers.get(name);
        if (handler == null) {
            return Request.data(
                    call.account(),
                    "unknown",
                    Set.of(),
                    attempt -> SoapProtocol.fault(SalesforceError.of(
                            "XML_PARSER_ERROR", "The sandbox has no operation " + name + " of the partner API.")));
        }
        String counted = "soap" + Character.toUpperCase(name.charAt(0)) + name.substring(1);
        return Request.data(call.account(), counted, Set.of(), attempt -> {
                    try {
                        return handler.answer(call, attempt);
                    } catch (RefusedException e) {
                        return SoapProtocol.fault(e.error());
                    }
                })
                .writing(() -> keys(call));
    }

    /** Finds the records that the call writes, as far as it names them. */
    private static Set<String> keys(SoapCall call) {
        try {
            return switch (call.envelope().operation()) {
                case "update" ->
                    RecordKeys.ofIds(
                            call.records().stream().map(KeyedRows::idOf).toList());
                case "delete", "undelete", "emptyRecycleBin" -> RecordKeys.ofIds(call.ids());
                case "convertLead" ->
                    RecordKeys.ofIds(call.body().children("leadConverts").stream()
                            .map(asked -> asked.value("leadId").orElse(""))
                            .toList());
                case "merge" -> RecordKeys.ofIds(merged(call));
                case "upsert" -> upserted(call);
                default -> Set.of();
            };
        } catch (RefusedException e) {
            // the work says what is wrong with the request
            return Set.of();
        }
    }

    private static List<String> merged(SoapCall call) {
        List<String> ids = new ArrayList<>();
        for (Element request : call.body().children("request")) {
            ids.add(KeyedRows.idOf(SoapWrites.master(request)));
            ids.addAll(SoapWrites.others(request));
        }
        return ids;
    }

    private static Set<String> upserted(SoapCall call) {
        List<JsonNode> records = call.records();
        List<Table> tables = SoapWrites.tables(call, records);
        Set<String> keys = new HashSet<>();
        for (int i = 0; i < records.size(); i++) {
            Field key = SoapWrites.key(tables.get(i), call.argument("externalIDFieldName"));
            String value =
                    key.type() == FieldType.ID ? KeyedRows.idOf(records.get(i)) : KeyedRows.keyOf(records.get(i), key);
            if (value != null) {
                keys.addAll(RecordKeys.of(call.store(), tables.get(i), key, List.of(value)));
            }
        }
        return keys;
    }
}
