// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.pubsub;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Base64;

/**
 * Holds a certificate that is made at the start and signed by itself, for localhost and one more host. Java has no public
 * class that makes certificates, so it is written here in DER (RFC 5280).
 *
 * @param key the private key
 */
record OwnCertificate(X509Certificate certificate, PrivateKey key) {

    private static final int SEQUENCE = 0x30;
    private static final int SET = 0x31;
    private static final int INTEGER = 0x02;
    private static final int BIT_STRING = 0x03;
    private static final int OCTET_STRING = 0x04;
    private static final int OBJECT_ID = 0x06;
    private static final int UTF8 = 0x0c;
    private static final int UTC_TIME = 0x17;
    private static final byte[] TRUE = {0x01, 0x01, (byte) 0xff};

    private static final byte[] ECDSA_WITH_SHA256 = {0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 0x04, 0x03, 0x02};
    private static final byte[] COMMON_NAME = {0x55, 0x04, 0x03};
    private static final byte[] ALTERNATIVE_NAMES = {0x55, 0x1d, 0x11};
    private static final byte[] BASIC_CONSTRAINTS = {0x55, 0x1d, 0x13};
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);

    static OwnCertificate make(String host) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            KeyPair keys = generator.generateKeyPair();
            byte[] content = content(keys, host);
            Signature signature = Signature.getInstance("SHA256withECDSA");
            signature.initSign(keys.getPrivate());
            signature.update(content);
            byte[] all = part(SEQUENCE, content, algorithm(), bits(signature.sign()));
            X509Certificate certificate = (X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(all));
            return new OwnCertificate(certificate, keys.getPrivate());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("The sandbox can't make a certificate.", e);
        }
    }

    /** Answers the certificate in PEM form. */
    String pem() {
        try {
            return "-----BEGIN CERTIFICATE-----\n"
                    + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(certificate.getEncoded())
                    + "\n-----END CERTIFICATE-----\n";
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("The sandbox can't write its certificate.", e);
        }
    }

    private static byte[] content(KeyPair keys, String host) {
        Instant now = Instant.now();
        byte[] name = part(
                SEQUENCE,
                part(
                        SET,
                        part(
                                SEQUENCE,
                                part(OBJECT_ID, COMMON_NAME),
                                part(UTF8, "Sluice sandbox".getBytes(StandardCharsets.UTF_8)))));
        return part(
                SEQUENCE,
                part(0xa0, part(INTEGER, new byte[] {2})),
                part(
                        INTEGER,
                        new BigInteger(64, new SecureRandom())
                                .add(BigInteger.ONE)
                                .toByteArray()),
                algorithm(),
                name,
                part(
                        SEQUENCE,
                        time(now.minus(1, ChronoUnit.DAYS)),
                        // UTCTime ends in 2049
                        time(now.plus(3650, ChronoUnit.DAYS))),
                name,
                keys.getPublic().getEncoded(),
                part(0xa3, part(SEQUENCE, constraints(), alternatives(host))));
    }

    private static byte[] algorithm() {
        return part(SEQUENCE, part(OBJECT_ID, ECDSA_WITH_SHA256));
    }

    /** Says that it may sign itself, so that it can be trusted as an authority. */
    private static byte[] constraints() {
        return part(SEQUENCE, part(OBJECT_ID, BASIC_CONSTRAINTS), TRUE, part(OCTET_STRING, part(SEQUENCE, TRUE)));
    }

    private static byte[] alternatives(String host) {
        byte[] names = part(
                SEQUENCE,
                part(0x82, "localhost".getBytes(StandardCharsets.US_ASCII)),
                part(0x87, new byte[] {127, 0, 0, 1}),
                named(host));
        return part(SEQUENCE, part(OBJECT_ID, ALTERNATIVE_NAMES), part(OCTET_STRING, names));
    }

    private static byte[] named(String host) {
        boolean isAddress = host.matches("[0-9.]+") || host.indexOf(':') >= 0;
        try {
            return isAddress
                    ? part(0x87, InetAddress.getByName(host).getAddress())
                    : part(0x82, host.getBytes(StandardCharsets.US_ASCII));
        } catch (UnknownHostException e) {
            throw new IllegalStateException("'" + host + "' is no address to listen on.", e);
        }
    }

    private static byte[] time(Instant moment) {
        return part(UTC_TIME, TIME.format(moment).getBytes(StandardCharsets.US_ASCII));
    }

    private static byte[] bits(byte[] value) {
        byte[] content = new byte[value.length + 1];
        System.arraycopy(value, 0, content, 1, value.length);
        return part(BIT_STRING, content);
    }

    /** Writes a tag, the length of the content and the content. */
    private static byte[] part(int tag, byte[]... contents) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        for (byte[] one : contents) {
            content.writeBytes(one);
        }
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.write(tag);
        int length = content.size();
        if (length < 0x80) {
            all.write(length);
        } else if (length < 0x100) {
            all.write(0x81);
            all.write(length);
        } else {
            all.write(0x82);
            all.write(length >> 8);
            all.write(length & 0xff);
        }
        all.writeBytes(content.toByteArray());
        return all.toByteArray();
    }
}
