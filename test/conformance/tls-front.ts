import { once } from 'node:events';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { TestCertificate } from '../support/clients/certificates.ts';

/** The headers that only a proxy may write. The front removes a stranger's. */
const OWN_HEADERS = ['client-cert', 'client-cert-chain', 'x-forwarded-for'];

/** TLS 1.2 with the ciphers that FAPI 2.0 allows and our key can, or TLS 1.3. */
const TLS = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers:
    'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384',
} as const;

/** Answers a request itself, or says that it is not for it. */
export type Own = (req: IncomingMessage, res: ServerResponse, certificate: Buffer | undefined) => boolean;

/**
 * The proxy in front of the server. It ends TLS, asks for a client certificate without insisting, and hands it on as
 * RFC 9440 says. Whether the certificate is trusted, the server decides.
 */
export async function startTlsFront({
  host,
  port,
  target,
  certificate,
  own = () => false,
}: {
  host: string;
  port: number;
  /** The address of the server. */
  target: string;
  certificate: Pick<TestCertificate, 'pem' | 'privatePem'>;
  own?: Own;
}): Promise<Server> {
  const front = createServer(
    {
      ...TLS,
      cert: certificate.pem,
      key: certificate.privatePem,
      requestCert: true,
      rejectUnauthorized: false,
    },
    (req, res) => {
      const { raw } = (req.socket as TLSSocket).getPeerCertificate();
      if (!own(req, res, raw)) forward(req, res, { target, raw });
    },
  );
  front.listen(port, host);
  await once(front, 'listening');
  return front;
}

function forward(
  req: IncomingMessage,
  res: ServerResponse,
  { target, raw }: { target: string; raw: Buffer | undefined },
): void {
  const headers = Object.fromEntries(
    Object.entries(req.headers).filter(([name]) => !OWN_HEADERS.includes(name)),
  );
  const sent = request(
    new URL(req.url ?? '/', target),
    {
      method: req.method,
      headers: {
        ...headers,
        'x-forwarded-for': req.socket.remoteAddress ?? '',
        ...(raw ? { 'client-cert': `:${raw.toString('base64')}:` } : {}),
      },
    },
    (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    },
  );
  sent.on('error', () => res.destroy());
  req.on('error', () => sent.destroy());
  req.pipe(sent);
}
