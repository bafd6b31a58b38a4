import { once } from 'node:events';
import { request as requestHttp } from 'node:http';
import { createServer, request as requestHttps } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { freePort } from '../../../scripts/free-port.ts';
import { aCertificate, type TestCertificate } from '../clients/certificates.ts';
import { startTestServer, type TestServer } from './test-server.ts';

type FetchOverTls = (url: string, init?: RequestInit) => Promise<Response>;

/** A proxy that ends TLS, lets any client certificate through, and names it as RFC 9440 does. */
export interface TlsProxy {
  origin: string;
  /** The `fetch` of somebody who connects with a certificate, or without one. */
  fetchWith(certificate?: TestCertificate): FetchOverTls;
}

/** The settings of a server that hears of certificates from such a proxy. */
export const BEHIND_TLS_PROXY = {
  TRUSTED_PROXIES: '127.0.0.1,::1',
  CLIENT_CERTIFICATE_HEADER: 'rfc9440',
} as const;

/** The header in which the proxy names a certificate. */
export function certificateHeader({ der }: Pick<TestCertificate, 'der'>): { 'client-cert': string } {
  return { 'client-cert': `:${der.toString('base64')}:` };
}

/** A server with such a proxy, which ends with it. */
export async function startBehindTlsProxy(
  env: Record<string, string> = {},
): Promise<{ server: TestServer; proxy: TlsProxy }> {
  const port = await freePort();
  const origin = `https://localhost:${port}`;
  const server = await startTestServer({
    env: { ...BEHIND_TLS_PROXY, CLIENT_CERTIFICATE_ORIGIN: origin, ...env },
  });
  const proxy = await startTlsProxy({ port, origin, target: server.url });
  const close = async () => {
    proxy.close();
    await server.close();
  };
  return { server: { ...server, close }, proxy };
}

async function startTlsProxy({
  port,
  origin,
  target,
}: {
  port: number;
  origin: string;
  target: string;
}): Promise<TlsProxy & { close(): void }> {
  const own = aCertificate({ names: [{ kind: 'dns', value: 'localhost' }] });
  const server = createServer(
    { key: own.privatePem, cert: own.pem, requestCert: true, rejectUnauthorized: false },
    (req, res) => {
      const { raw } = (req.socket as TLSSocket).getPeerCertificate();
      const { 'client-cert': _stranger, ...headers } = req.headers;
      const own = raw ? certificateHeader({ der: raw }) : {};
      const sent = requestHttp(
        new URL(req.url ?? '/', target),
        { method: req.method, headers: { ...headers, ...own } },
        (answer) => {
          res.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(res);
        },
      );
      sent.on('error', () => res.destroy());
      req.pipe(sent);
    },
  );
  server.listen(port, 'localhost');
  await once(server, 'listening');
  return {
    origin,
    fetchWith: (certificate) => fetchOverTls(own, certificate),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A `fetch` that connects with a certificate. Node's own has none. Plain addresses are asked as usual. */
export function fetchOverTls(server: TestCertificate, certificate?: TestCertificate): FetchOverTls {
  const own = certificate && { cert: certificate.pem, key: certificate.privatePem };
  return async (url, init) => {
    if (!url.startsWith('https:')) return fetch(url, init);
    const request = new Request(url, init);
    const body = Buffer.from(await request.arrayBuffer());
    const headers = { ...Object.fromEntries(request.headers), 'content-length': body.length };
    const sent = requestHttps(url, {
      ...{ ca: server.pem, ...own, agent: false },
      ...{ method: request.method, headers },
    });
    sent.end(body);
    const [answer] = await once(sent, 'response');
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk);
    return new Response(Buffer.concat(chunks), { status: answer.statusCode, headers: answer.headers });
  };
}
