import { type LookupAddress, type LookupOptions, lookup as lookupAddresses } from 'node:dns';
import { once } from 'node:events';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { canonicalAddress, networkList } from './addresses.ts';
import { isPublic } from './public-addresses.ts';

/** The one way to ask an address that somebody else answers. It takes what `fetch` takes. */
export type OutboundFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Finds all addresses of a name, as `dns.lookup` does. */
export type LookUp = (
  hostname: string,
  options: LookupOptions & { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** A request outside that failed: nobody answered, or the answer was no usable HTTP. `fetch` throws TypeErrors, too. */
export class OutboundFailure extends TypeError {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'OutboundFailure';
  }
}

/** An address that this server never asks. Nothing was sent. */
export class OutboundRefused extends OutboundFailure {
  constructor(message: string) {
    super(message);
    this.name = 'OutboundRefused';
  }
}

export interface OutboundRules {
  /** Addresses and networks (CIDR) that may be asked though they are not public. */
  networks: readonly string[];
  /** Whether this machine may be asked, also by plain http. */
  loopback: boolean;
  lookUp?: LookUp;
}

const LIMIT_BYTES = 1024 * 1024;
const LIMIT_MILLISECONDS = 10_000;
const HTTPS_PORT = 443;
/** Lower ports belong to services that speak something else. */
const FIRST_FREE_PORT = 1024;

const isLoopback = networkList(['127.0.0.0/8', '::1/128']);
const ANSWERS_WITHOUT_BODY = [204, 205, 304];

/**
 * Makes the `fetch` for addresses that somebody else chose: a provider's metadata names its other endpoints, and a
 * name may lead to any address. Only public addresses are asked, by https, and those that the operator listed. The
 * name is resolved once, all its addresses are checked, and the connection goes to these, so that a name server
 * cannot answer the check with one address and the connection with another. TLS still verifies the name. Each request
 * has its own connection, and so its own check.
 *
 * A redirect counts as the answer. An answer has at most 1 MiB and ten seconds.
 */
export function createOutboundFetch(rules: OutboundRules): OutboundFetch {
  const isListed = networkList(rules.networks);
  const isLocal = (address: string) => rules.loopback && isLoopback(address);
  const mayBeAsked = (found: string): boolean => {
    const address = canonicalAddress(found);
    return address !== undefined && (isPublic(address) || isListed(address) || isLocal(address));
  };
  const mayBeAskedPlainly = (found: string) => mayBeAsked(found) && isLoopback(canonicalAddress(found) ?? '');

  return async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const plain = checkScheme(url);
    const check = (found: readonly string[]) => {
      if (found.length > 0 && found.every(plain ? mayBeAskedPlainly : mayBeAsked)) return;
      throw new OutboundRefused(
        `${url.host} is not asked: ${plain ? 'plain http goes to this machine only' : 'its address is not public'}.`,
      );
    };
    // A connection to an address is made without a look-up.
    const literal = url.hostname.replace(/^\[(.*)\]$/, '$1');
    if (isIP(literal) !== 0) check([literal]);
    return ask(url, request, checkedLookup(check, rules.lookUp ?? lookupAddresses));
  };
}

/** Returns whether it is plain http. */
function checkScheme({ protocol, port, host }: URL): boolean {
  if (protocol === 'http:') return true;
  if (protocol !== 'https:') throw new OutboundRefused(`${host} is not asked: it is not https.`);
  const number = port === '' ? HTTPS_PORT : Number(port);
  if (number !== HTTPS_PORT && number < FIRST_FREE_PORT)
    throw new OutboundRefused(`${host} is not asked: its port belongs to another service.`);
  return false;
}

function checkedLookup(check: (found: readonly string[]) => void, lookUp: LookUp): LookupFunction {
  return (hostname, options, callback) => {
    lookUp(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      try {
        check(addresses.map(({ address }) => address));
      } catch (refused) {
        return callback(refused as Error, []);
      }
      const [first] = addresses;
      if (options.all || !first) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

async function ask(url: URL, request: Request, lookup: LookupFunction): Promise<Response> {
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(LIMIT_MILLISECONDS)]);
  try {
    const body = request.body ? Buffer.from(await request.arrayBuffer()) : undefined;
    const sent = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
      method: request.method,
      headers: { ...Object.fromEntries(request.headers), 'accept-encoding': 'identity' },
      agent: false,
      lookup,
      signal,
    });
    // An error after the answer has begun reaches the reader of the answer.
    sent.on('error', () => {});
    sent.end(body);
    const [incoming]: IncomingMessage[] = await once(sent, 'response', { signal });
    if (!incoming) throw new OutboundFailure(`${url.host} did not answer.`);
    return await read(incoming);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof OutboundFailure) throw error;
    throw new OutboundFailure(`${url.host} could not be asked.`, error);
  }
}

async function read(incoming: IncomingMessage): Promise<Response> {
  const { statusCode: status = 0, rawHeaders } = incoming;
  const headers = new Headers();
  for (let at = 0; at < rawHeaders.length; at += 2)
    headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '');
  const chunks: Buffer[] = [];
  let received = 0;
  // Leaving the loop early ends the connection.
  for await (const chunk of incoming) {
    received += chunk.length;
    if (received > LIMIT_BYTES) throw new OutboundFailure(`The answer is larger than ${LIMIT_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return new Response(ANSWERS_WITHOUT_BODY.includes(status) ? null : Buffer.concat(chunks), {
    status,
    headers,
  });
}
