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
 * The steps of a call whose request or answer is a file: camel-salesforce holds both in memory, up to a size. The file
 * passes through the disk, so that its length is known beforehand, and no slow reader holds the connection.
 */
public final class SalesforceTransfers {

    /** Longest text of an answer that is read where no file is expected, in bytes. */
    private static final int LONGEST_ERROR = 64 * 1024;
    private static final String FILE = "SluiceFile";
    private static final Set<String> SENT_HEADERS = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);

    static {
        SENT_HEADERS.addAll(Set.of("Authorization", "Accept", "Sforce-Call-Options"));
    }

    /** Repeats nothing by itself: a repeat would be a call without a permit. */
    public static HttpClientConfigurer client() {
        return builder -> builder.disableAutomaticRetries().disableRedirectHandling().disableCookieManagement();
    }

    /** Of the message's headers only what the CRM is meant to see. */
    public static HeaderFilterStrategy headers() {
        return new DefaultHeaderFilterStrategy() {
            @Override
            public boolean applyFilterToCamelHeaders(String name, Object value, Exchange exchange) {
                return !SENT_HEADERS.contains(name);
            }
        };
    }

    /** A file to send: {@link #sent} deletes it, and at the latest the end of the exchange. */
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

    /** The file that was sent is needed no more; an exchange may live much longer. */
    public void sent(Exchange exchange) {
        if (exchange.removeProperty(FILE) instanceof Path file) {
            TransferFiles.delete(file);
        }
    }

    /** Makes a file of what is sent, whose size is then known. */
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
                throw new IllegalArgumentException("A transfer takes text, a stream or a file, but got "
                        + message.getBody().getClass().getName());
            }
            Files.copy(stream, file, StandardCopyOption.REPLACE_EXISTING);
        }
        return file;
    }

    /** Where the call goes, and by which token. */
    public void address(Exchange exchange) {
        Message message = exchange.getMessage();
        SalesforceSession session = exchange.getContext()
                .getComponent(SalesforceCalls.member(exchange), SalesforceComponent.class).getSession();
        message.setHeader(Exchange.HTTP_URI, session.getInstanceUrl() + message.getHeader(SalesforceCalls.PATH));
        message.setHeader(Exchange.HTTP_METHOD, message.getHeader(SalesforceCalls.METHOD));
        message.setHeader("Authorization", "Bearer " + session.getAccessToken());
    }

    /**
     * Takes the whole answer, so that one which is cut off in the middle is a failure of this call and nobody else's.
     *
     * @throws SalesforceException for a 5xx, which the breaker counts
     */
    public void receive(Exchange exchange) throws IOException, SalesforceException {
        Message message = exchange.getMessage();
        int status = message.getHeader(Exchange.HTTP_RESPONSE_CODE, Integer.class);
        try (InputStream stream = message.getBody(InputStream.class)) {
            boolean file = status == 200 && stream != null;
            if (file) {
                message.setBody(received(stream));
            } else {
                message.setBody(stream == null ? ""
                        : new String(stream.readNBytes(LONGEST_ERROR), StandardCharsets.UTF_8));
            }
        }
        if (status >= 500) {
            throw new SalesforceException(message.getBody(String.class), status);
        }
    }

    /** A file that is not what was asked for, such as a page, is no answer. */
    static void notUnderstood(Exchange exchange, Path file) {
        TransferFiles.delete(file);
        exchange.getMessage().setBody("");
        SalesforceCalls.notUnderstood(exchange);
    }

    /** Not deleted with the exchange: the breaker runs the call in one of its own, that ends first. */
    private static Path received(InputStream stream) throws IOException {
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
