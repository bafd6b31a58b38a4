import { once } from 'node:events';
import { request as requestHttp } from 'node:http';
import { createServer, request as requestHttps } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { aCertificate, type TestCertificate } from '../clients/certificates.ts';

type FetchOverTls = (url: string, init?: RequestInit) => Promise<Response>;

/** A proxy that ends TLS, lets any client certificate through, and names it as RFC 9440 does. */
export interface TlsProxy {
  origin: string;
  /** The `fetch` of somebody who connects with a certificate, or without one. */
  fetchWith(certificate?: TestCertificate): FetchOverTls;
  close(): void;
}

export async function startTlsProxy({ port, target }: { port: number; target: string }): Promise<TlsProxy> {
  const own = aCertificate({ names: [{ kind: 'dns', value: 'localhost' }] });
  const server = createServer(
    { key: own.privatePem, cert: own.pem, requestCert: true, rejectUnauthorized: false },
    (req, res) => {
      const { raw } = (req.socket as TLSSocket).getPeerCertificate();
      const { 'client-cert': _stranger, ...headers } = req.headers;
      const own = raw ? { 'client-cert': `:${raw.toString('base64')}:` } : {};
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
    origin: `https://localhost:${port}`,
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
