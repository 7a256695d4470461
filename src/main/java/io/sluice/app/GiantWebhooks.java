package io.sluice.app;

import io.sluice.receive.Listening;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import org.apache.camel.CamelContext;

/** Requests larger than {@code camel.server.maxBodySize}: the server refuses them before any route sees them, 413. */
final class GiantWebhooks {

    private static final int TOO_LARGE = 413;
    private static final String ACCOUNT = "account";

    private final Listening listening;

    GiantWebhooks(Listening listening) {
        this.listening = listening;
    }

    /** From now on those that are an account's webhooks are counted as what the route refuses. */
    void count(CamelContext context) {
        context.getRegistry().findByType(Router.class).forEach(router ->
                router.route("/webhooks/:" + ACCOUNT).failureHandler(this::failed));
    }

    private void failed(RoutingContext request) {
        if (request.statusCode() != TOO_LARGE) {
            request.next();
            return;
        }
        String account = request.pathParam(ACCOUNT);
        if (listening.ear(account) != null) {
            listening.refused(account, "too large");
        }
        request.response().setStatusCode(TOO_LARGE).end();
    }
}
