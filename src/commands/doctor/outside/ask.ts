import { once } from 'node:events';
import { type IncomingHttpHeaders, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';

/** An answer, and the connection on which it came. */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The port of this machine's end of the connection. */
  localPort: number | undefined;
}

/** The certificate that a server shows, whether or not it is trusted. */
export interface Shown {
  certificate: DetailedPeerCertificate;
  /** Why it is not trusted: the code of Node; undefined where it is. */
  mistrust: string | undefined;
}

export interface Request {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

const WITHIN_MS = 10_000;
const LONGEST_BYTES = 256 * 1024;

/**
 * Asks the operator's own issuer, wherever its name leads. It goes on with a certificate that is not trusted, because the
 * check of TLS tells of that. It sends no secret.
 */
export async function ask(
  address: string,
  { method = 'GET', headers = {}, body = '' }: Request = {},
): Promise<Answer> {
  const url = new URL(address);
  const signal = AbortSignal.timeout(WITHIN_MS);
  const length: Record<string, string> =
    body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const sent = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
    ...{ method, signal, agent: false, headers: { ...headers, ...length } },
    ...(url.protocol === 'https:' ? { rejectUnauthorized: false } : {}),
  });
  // An error after the answer has begun reaches the reader of the answer.
  sent.on('error', () => undefined);
  sent.end(body);
  const [incoming] = await once(sent, 'response', { signal });
  const { localPort } = incoming.socket;
  const chunks: Buffer[] = [];
  let received = 0;
  for await (const chunk of incoming) {
    received += chunk.length;
    if (received > LONGEST_BYTES) break;
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, text, localPort };
}

/** The certificate that the address shows. @throws the error of the network. */
export async function certificateOf(address: string): Promise<Shown> {
  const signal = AbortSignal.timeout(WITHIN_MS);
  const sent = requestHttps(new URL(address), {
    ...{ method: 'HEAD', signal, agent: false, rejectUnauthorized: false },
  });
  sent.on('error', () => undefined);
  const [socket]: TLSSocket[] = await once(sent, 'socket', { signal });
  if (!socket) throw new Error('The request has no connection.');
  await once(socket, 'secureConnect', { signal });
  const certificate = socket.getPeerCertificate(true);
  const mistrust = socket.authorized ? undefined : String(socket.authorizationError);
  sent.destroy();
  return { certificate, mistrust };
}

/** The member of an answer that is a JSON object; undefined for any other answer. */
export function membersOf({ text }: Pick<Answer, 'text'>): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The code of an error of the network, or its name. */
export function codeOf(error: unknown): string {
  const { code, name = 'Error' } = error as { code?: unknown; name?: string };
  return typeof code === 'string' ? code : name;
}
