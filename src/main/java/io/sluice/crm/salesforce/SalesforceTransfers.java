// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Set;
import java.util.TreeSet;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.component.http.HttpClientConfigurer;
import org.apache.camel.component.salesforce.SalesforceComponent;
import org.apache.camel.component.salesforce.api.SalesforceException;
import org.apache.camel.component.salesforce.internal.SalesforceSession;
import org.apache.camel.spi.HeaderFilterStrategy;
import org.apache.camel.support.DefaultHeaderFilterStrategy;
import org.apache.camel.support.SynchronizationAdapter;

/**
 * Makes calls whose request or answer is a file, because camel-salesforce holds both in memory, up to a size. The file
 * passes through the disk, so that its length is known beforehand and no slow reader holds the connection.
 */
public final class SalesforceTransfers {

    /** Maximum number of bytes read from an answer where no file is expected. */
    private static final int MAX_ERROR_BYTES = 64 * 1024;

    private static final String FILE = "SluiceFile";
    private static final Set<String> SENT_HEADERS = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);

    static {
        SENT_HEADERS.addAll(Set.of("Authorization", "Accept", "Sforce-Call-Options"));
    }

    /** Returns a client without retries, because a retry would be a call without a permit. */
    public static HttpClientConfigurer client() {
        return builder ->
                builder.disableAutomaticRetries().disableRedirectHandling().disableCookieManagement();
    }

    /** Returns a filter that passes only the headers meant for Salesforce. */
    public static HeaderFilterStrategy headers() {
        return new DefaultHeaderFilterStrategy() {
            @Override
            public boolean applyFilterToCamelHeaders(String name, Object value, Exchange exchange) {
                return !SENT_HEADERS.contains(name);
            }
        };
    }

    /** Creates a file to send; {@link #sent} deletes it, at the latest at the end of the exchange. */
    static Path newFile(Exchange exchange) throws IOException {
        Path file = TransferFiles.make();
        exchange.setProperty(FILE, file);
        exchange.getExchangeExtension().addOnCompletion(new SynchronizationAdapter() {
            @Override
            public void onDone(Exchange done) {
                TransferFiles.delete(file);
            }
        });
        return file;
    }

    /** Deletes the file that was sent, since an exchange may live much longer. */
    public void sent(Exchange exchange) {
        if (exchange.removeProperty(FILE) instanceof Path file) {
            TransferFiles.delete(file);
        }
    }

    /** Writes the body to a file, so that its size is known. */
    public void prepare(Exchange exchange) throws IOException {
        Message message = exchange.getMessage();
        Object body = message.getBody();
        long bytes = 0;
        if (body != null) {
            Path file = body instanceof Path path ? path : kept(exchange, message);
            bytes = Files.size(file);
            message.setBody(file.toFile());
            message.setHeader(Exchange.CONTENT_TYPE, "text/csv; charset=UTF-8");
        }
        exchange.setProperty(SalesforceCalls.SENT_BYTES, bytes);
    }

    private static Path kept(Exchange exchange, Message message) throws IOException {
        Path file = newFile(exchange);
        try (InputStream stream = message.getBody(InputStream.class)) {
            if (stream == null) {
                throw new IllegalArgumentException("A transfer takes text, a stream or a file, but the body is "
                        + message.getBody().getClass().getName());
            }
            Files.copy(stream, file, StandardCopyOption.REPLACE_EXISTING);
        }
        return file;
    }

    /** Sets the address and the token of the call. */
    public void address(Exchange exchange) {
        Message message = exchange.getMessage();
        SalesforceSession session = exchange.getContext()
                .getComponent(SalesforceCalls.member(exchange), SalesforceComponent.class)
                .getSession();
        message.setHeader(Exchange.HTTP_URI, session.getInstanceUrl() + message.getHeader(SalesforceCalls.PATH));
        message.setHeader(Exchange.HTTP_METHOD, message.getHeader(SalesforceCalls.METHOD));
        message.setHeader("Authorization", "Bearer " + session.getAccessToken());
    }

    /**
     * Reads the whole answer, so that a truncated one is a failure of this call and of no other.
     *
     * @throws SalesforceException for a 5xx, which the circuit breaker counts
     */
    public void receive(Exchange exchange) throws IOException, SalesforceException {
        Message message = exchange.getMessage();
        int status = message.getHeader(Exchange.HTTP_RESPONSE_CODE, Integer.class);
        try (InputStream stream = message.getBody(InputStream.class)) {
            boolean file = status == 200 && stream != null;
            if (file) {
                message.setBody(stored(stream));
            } else {
                message.setBody(
                        stream == null ? "" : new String(stream.readNBytes(MAX_ERROR_BYTES), StandardCharsets.UTF_8));
            }
        }
        if (status >= 500) {
            throw new SalesforceException(message.getBody(String.class), status);
        }
    }

    /** Handles a file with unexpected content, such as a page: deletes the file and sets the status to 502. */
    static void notUnderstood(Exchange exchange, Path file) {
        TransferFiles.delete(file);
        exchange.getMessage().setBody("");
        SalesforceCalls.notUnderstood(exchange);
    }

    /**
     * Stores the answer in a file that outlives the exchange: the circuit breaker runs the call in an exchange of its
     * own, which ends first.
     */
    private static Path stored(InputStream stream) throws IOException {
        Path answer = TransferFiles.make();
        try {
            Files.copy(stream, answer, StandardCopyOption.REPLACE_EXISTING);
            return answer;
        } catch (IOException cutOff) {
            TransferFiles.delete(answer);
            throw cutOff;
        }
    }
}
