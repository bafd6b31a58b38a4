import { mkdtempSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { freePort } from '../../../scripts/free-port.ts';
import { startTestServer, type TestServer } from '../servers/test-server.ts';
import { run } from './installed.ts';

export interface SecureServer extends TestServer {
  /** The same server without TLS, for the browser of a test. */
  plainUrl: string;
  /** Its certificate, as a PEM file. Nobody trusts it unasked. */
  certificate: string;
  /** Variables by which programs trust it: those of OpenSSL (Go, Ruby), requests, curl and Node. */
  trust: Record<string, string>;
}

/**
 * The real server behind TLS, so that a client of another author needs no exception for plain http, and the documents'
 * examples none either.
 */
export async function startSecureServer(
  options: Parameters<typeof startTestServer>[0] = {},
): Promise<SecureServer> {
  const folder = mkdtempSync(join(process.env.TEST_FOLDER ?? '', 'tls-'));
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  await makeCertificate(key, certificate);
  const port = await freePort();
  const server = await startTestServer({
    ...options,
    env: { ISSUER: `https://localhost:${port}`, ...options.env },
  });
  const front = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (socket) => {
    const behind = connect(server.port, 'localhost');
    socket.pipe(behind).pipe(socket);
    socket.on('error', () => behind.destroy());
    behind.on('error', () => socket.destroy());
  });
  const open = new Set<{ destroy(): void }>();
  front.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  await new Promise<void>((listening) => front.listen(port, 'localhost', listening));
  return {
    ...server,
    plainUrl: `http://localhost:${server.port}`,
    certificate,
    trust: {
      SSL_CERT_FILE: certificate,
      REQUESTS_CA_BUNDLE: certificate,
      CURL_CA_BUNDLE: certificate,
      NODE_EXTRA_CA_CERTS: certificate,
    },
    async close() {
      const closed = new Promise((done) => front.close(done));
      for (const socket of open) socket.destroy();
      await closed;
      await server.close();
    },
  };
}

/** For both names of this machine. Strict libraries want to read what a certificate's key is for. */
async function makeCertificate(key: string, certificate: string): Promise<void> {
  const extensions = [
    'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1',
    'keyUsage=critical,digitalSignature,keyCertSign',
    'extendedKeyUsage=serverAuth',
  ];
  await run([
    'openssl',
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
    ...extensions.flatMap((extension) => ['-addext', extension]),
    ...['-keyout', key, '-out', certificate],
  ]);
}
