// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Answer;
import java.util.List;
import java.util.Optional;

/**
 * Serves {@code /owners}: the users who may own records (<a
 * href="https://developers.hubspot.com/docs/api-reference/crm-owners-v3/guide">Owners</a>). Each account has the same
 * ones: two who are active, and one who left.
 */
final class Owners {

    private static final List<Owner> ALL = List.of(
            new Owner("51000001", 45_678, "sluice@example.org", "Uma", "User", false),
            new Owner("51000002", 45_679, "otto@example.org", "Otto", "Owner", false),
            new Owner("51000003", 45_680, "gone@example.org", "Gina", "Gone", true));
    private static final String SINCE = "2026-01-01T00:00:00.000Z";
    private static final int LARGEST_PAGE = 500;

    private Owners() {}

    /** @param archived whether the user was deactivated */
    private record Owner(String id, int userId, String email, String firstName, String lastName, boolean archived) {

        ObjectNode json() {
            ObjectNode owner = Answers.JSON
                    .createObjectNode()
                    .put("id", id)
                    .put("email", email)
                    .put("type", "PERSON")
                    .put("firstName", firstName)
                    .put("lastName", lastName);
            if (!archived) {
                owner.put("userId", userId);
            }
            return owner.put("userIdIncludingInactive", userId)
                    .put("createdAt", SINCE)
                    .put("updatedAt", SINCE)
                    .put("archived", archived);
        }
    }

    static boolean isOwner(String id) {
        return ALL.stream().anyMatch(owner -> owner.id.equals(id));
    }

    static Answer list(ApiCall call) {
        int limit = Rows.limit(Optional.ofNullable(call.parameter("limit")).orElse("100"), LARGEST_PAGE);
        boolean archived = "true".equals(call.parameter("archived"));
        String email = call.parameter("email");
        String after = Optional.ofNullable(call.parameter("after")).orElse("");
        List<Owner> found = ALL.stream()
                .filter(owner -> owner.archived == archived)
                .filter(owner -> email == null || email.isBlank() || owner.email.equalsIgnoreCase(email.strip()))
                .filter(owner -> owner.id.compareTo(after) > 0)
                .toList();
        ObjectNode body = Answers.JSON.createObjectNode();
        ArrayNode results = body.putArray("results");
        found.stream().limit(limit).forEach(owner -> results.add(owner.json()));
        if (found.size() > limit) {
            String last = found.get(limit - 1).id;
            body.putObject("paging")
                    .putObject("next")
                    .put("after", last)
                    .put("link", call.call().origin() + call.call().path() + "?limit=" + limit + "&after=" + last);
        }
        return Answers.json(200, body);
    }

    static Answer read(ApiCall call) {
        boolean byUser = "userId".equals(call.parameter("idProperty"));
        boolean archived = "true".equals(call.parameter("archived"));
        return ALL.stream()
                .filter(owner -> owner.archived == archived)
                .filter(owner -> call.part(1).equals(byUser ? String.valueOf(owner.userId) : owner.id))
                .findFirst()
                .map(owner -> Answers.json(200, owner.json()))
                .orElseThrow(() -> HubspotError.notFound("resource not found").thrown());
    }
}
