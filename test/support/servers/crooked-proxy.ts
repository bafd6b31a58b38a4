import { once } from 'node:events';
import {
  createServer as createHttp,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttps } from 'node:https';
import { freePort } from '../../../scripts/free-port.ts';
import type { TestCertificate } from '../clients/certificates.ts';

export interface ProxyHabits {
  /** The chain that it shows, the certificate first; undefined: plain http. */
  chain?: readonly TestCertificate[];
  /** The address from which it asks the server. */
  from?: string;
  /** The longest head that it takes, in bytes. */
  headBytes?: number;
  /** Changes a request's headers, beyond what a good proxy does. */
  request?(headers: IncomingHttpHeaders, came: IncomingHttpHeaders): IncomingHttpHeaders;
  /** Changes an answer's headers. */
  answer?(headers: IncomingHttpHeaders): IncomingHttpHeaders;
  /** Answers by itself, and returns true. */
  instead?(req: IncomingMessage, res: ServerResponse): boolean;
}

export interface CrookedProxy {
  origin: string;
  close(): void;
}

/**
 * A proxy before the server at `port`. It does what a good one does: it overwrites `X-Forwarded-For`, and removes the
 * header with certificates. Its habits say where it differs.
 */
export async function startCrookedProxy(
  port: number,
  { chain, from = '127.0.0.2', headBytes = 81_920, request: changed, answer, instead }: ProxyHabits = {},
  own?: number,
): Promise<CrookedProxy> {
  const listen = own ?? (await freePort());
  const [certificate] = chain ?? [];
  const handle = (req: IncomingMessage, res: ServerResponse) => {
    if (instead?.(req, res)) return;
    const { 'client-cert': _stranger, ...plain } = req.headers;
    const good = { ...plain, 'x-forwarded-for': '127.0.0.1' };
    const sent = request(
      { host: '127.0.0.1', port, localAddress: from, path: req.url, method: req.method },
      (incoming) => {
        res.writeHead(incoming.statusCode ?? 502, answer?.(incoming.headers) ?? incoming.headers);
        incoming.pipe(res);
      },
    );
    for (const [name, value] of Object.entries(changed?.(good, req.headers) ?? good))
      if (value !== undefined) sent.setHeader(name, value);
    sent.on('error', () => res.destroy());
    req.pipe(sent);
  };
  const server = certificate
    ? createHttps(
        {
          key: certificate.privatePem,
          cert: chain?.map(({ pem }) => pem).join(''),
          maxHeaderSize: headBytes,
        },
        handle,
      )
    : createHttp({ maxHeaderSize: headBytes }, handle);
  server.listen(listen, 'localhost');
  await once(server, 'listening');
  return {
    origin: `${certificate ? 'https' : 'http'}://localhost:${listen}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
