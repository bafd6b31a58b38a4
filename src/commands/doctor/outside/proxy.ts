import { canonicalAddress, networkList } from '../../../platform/network/addresses.ts';
import { mirrorProof } from '../../../platform/secrets/mirror-proof.ts';
import type { ServerSettings } from '../../command.ts';
import { type Check, type Finding, notChecked, type Patient, type Seen, seen } from '../finding.ts';
import { type Answer, ask, codeOf, membersOf } from './ask.ts';

/** Addresses of documentation (RFC 5737): no client of anybody has them. */
const STRANGER = '198.51.100.77';
const ID = 'listo-doctor';
/** As long as an ID token with many claims. */
const LONG = 40_000;
/** The server takes forms of 64 KiB. */
const LONG_FORM = 60_000;

/** The request of this command as the server saw it (http/mirror.ts). */
interface Mirrored {
  client: string;
  peer: string;
  peer_port: number;
  forwarded_for: string | null;
  certificate: boolean;
  cookie: boolean;
  authorization: boolean;
}

export const proxyCheck: Check = {
  name: 'proxy',
  async run(patient) {
    const { issuer, settings } = patient;
    if (issuer === undefined) return notChecked('the configuration is wrong');
    try {
      const plain = await ask(`${issuer}/healthz`, {
        headers: { 'x-request-id': ID, 'x-forwarded-host': 'stranger.example', 'x-forwarded-proto': 'http' },
      });
      const long = await ask(`${issuer}/auth/userinfo`, {
        headers: { authorization: `Bearer ${'x'.repeat(LONG)}` },
      });
      const form = await ask(`${issuer}/auth/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: `padding=${'x'.repeat(LONG_FORM)}`,
      });
      const headers = [
        hsts(issuer, plain),
        requestId(plain),
        redirected(issuer, plain),
        headLimit(long),
        bodyLimit(form),
      ];
      const mirrored = settings && (await look(patient, issuer, settings));
      return seen([...headers, ...(mirrored?.findings ?? [])], mirrored?.facts ?? []);
    } catch (error) {
      return notChecked(`the issuer cannot be reached (${codeOf(error)})`);
    }
  },
};

function hsts(issuer: string, { headers }: Answer): Finding | undefined {
  if (!issuer.startsWith('https:') || headers['strict-transport-security'] !== undefined) return undefined;
  return {
    name: 'proxy.no_hsts',
    sentence: 'The answer has no Strict-Transport-Security, which the server sends with an issuer of https.',
    remedy:
      'Let the proxy hand on all headers of answers. If none comes from the server, its ISSUER is not https.',
  };
}

function requestId({ headers }: Answer): Finding | undefined {
  if (headers['x-request-id'] !== undefined) return undefined;
  return {
    name: 'proxy.no_request_id',
    sentence: 'The answer has no X-Request-Id, with which a refusal is found (npx listo explain).',
    remedy: 'Let the proxy hand on the header X-Request-Id, in both directions.',
  };
}

function redirected(issuer: string, { status, headers }: Answer): Finding | undefined {
  if (status < 300 || status >= 400) return undefined;
  return {
    name: 'proxy.forwarded_believed',
    sentence: `A request with X-Forwarded-Proto and X-Forwarded-Host of a stranger is sent on to ${headers.location ?? 'nowhere'}.`,
    remedy: `Let the proxy remove X-Forwarded-Proto, X-Forwarded-Host and Forwarded of requests to ${new URL(issuer).host}. The server needs none of them.`,
  };
}

/** The server refuses such a token as one that is not valid. */
function headLimit({ status, headers }: Answer): Finding | undefined {
  if (status === 401) return undefined;
  const by = headers.server === undefined ? '' : ` (${headers.server})`;
  return {
    name: 'proxy.head_limit',
    sentence: `A request whose Authorization header has ${LONG} characters is answered with ${status}${by}: a proxy takes less than the server, which takes 64 KiB.`,
    remedy:
      'Raise the limit of the proxy: large_client_header_buffers 4 64k (nginx), tune.bufsize 81920 (HAProxy). Long tokens with many claims are refused otherwise.',
  };
}

/** The server refuses such a form as one that names no client. */
function bodyLimit({ status }: Answer): Finding | undefined {
  if (status === 400 || status === 401) return undefined;
  return {
    name: 'proxy.body_limit',
    sentence: `A form of ${LONG_FORM} bytes is answered with ${status}: a proxy takes less than the server, which takes 64 KiB.`,
    remedy:
      'Raise the limit of the proxy: client_max_body_size 64k or more (nginx), tune.bufsize 81920 where rules read bodies (HAProxy).',
  };
}

async function look({ clock }: Patient, issuer: string, settings: ServerSettings): Promise<Seen> {
  const { certificateHeader, cookieKeys, trustedProxies } = settings;
  const answer = await ask(`${issuer}/doctor`, {
    method: 'POST',
    headers: {
      'x-listo-doctor': mirrorProof(cookieKeys, clock),
      'x-forwarded-for': STRANGER,
      cookie: `${ID}=1`,
      authorization: `Bearer ${ID}`,
      ...(certificateHeader === undefined ? {} : { [certificateHeader]: ':AAAA:' }),
    },
  });
  const mirrored = membersOf(answer) as Mirrored | undefined;
  if (answer.status !== 200 || typeof mirrored?.peer !== 'string')
    return seen([], ['its forwarding not checked: the server there has other COOKIE_KEYS, or is older']);
  const isDirect = mirrored.peer_port === answer.localPort;
  const believes = believed(mirrored, { isDirect, isTrusted: networkList(trustedProxies) });
  return seen(
    [...believes.findings, ...(isDirect ? [] : forwarding(mirrored)), dropped(mirrored)],
    [isDirect ? 'no proxy in between' : `proxy ${mirrored.peer}`, ...believes.facts],
  );
}

/** Findings about things that a stranger may make the server believe. */
function believed(
  { client, certificate, forwarded_for }: Mirrored,
  { isDirect, isTrusted }: { isDirect: boolean; isTrusted(address: string): boolean },
): Seen {
  if (client !== STRANGER && !certificate) return seen([]);
  const behind = (forwarded_for ?? '')
    .split(',')
    .slice(1)
    .map((entry) => canonicalAddress(entry.trim()));
  // This machine is no stranger: it is one of the proxies, or in their network.
  const isProxy =
    isDirect || (behind.length > 0 && behind.every((hop) => hop !== undefined && isTrusted(hop)));
  if (isProxy)
    return seen(
      [],
      ['what strangers send not checked: this machine is in TRUSTED_PROXIES, so ask from another'],
    );
  return seen([
    client === STRANGER ? forwardedFor() : undefined,
    certificate ? certificateBelieved() : undefined,
  ]);
}

function forwardedFor(): Finding {
  return {
    name: 'proxy.forwarded_for_believed',
    sentence: `The server believed the X-Forwarded-For of a stranger (${STRANGER}): anybody chooses the address that limits and the log see.`,
    remedy:
      'Let the proxy overwrite the header: proxy_set_header X-Forwarded-For $remote_addr (nginx), http-request set-header X-Forwarded-For %[src] (HAProxy). TRUSTED_PROXIES lists your proxies alone.',
  };
}

function certificateBelieved(): Finding {
  return {
    name: 'proxy.certificate_believed',
    sentence:
      'The header of CLIENT_CERTIFICATE_HEADER that a stranger sent reached the server: anybody can pass for a client with a certificate.',
    remedy:
      'Let every listener of the proxy overwrite or remove that header, also where no certificates are asked for (docs/operating.md#certificates-of-clients).',
  };
}

/** Whether the server knows its proxy. */
function forwarding({ client, peer, forwarded_for }: Mirrored): Finding[] {
  if (client !== peer) return [];
  return [forwarded_for === null ? noForwarding(peer) : notTrusted(peer)];
}

function notTrusted(peer: string): Finding {
  return {
    name: 'proxy.not_trusted',
    sentence: `Requests come from ${peer}, which TRUSTED_PROXIES does not list: everybody behind that proxy counts as one client.`,
    remedy: `Add it, or its network: TRUSTED_PROXIES=${peer}`,
  };
}

function noForwarding(peer: string): Finding {
  return {
    name: 'proxy.no_forwarded_for',
    sentence: `The proxy ${peer} does not say for whom it asks (X-Forwarded-For): everybody counts as one client.`,
    remedy:
      'Let it send the address: proxy_set_header X-Forwarded-For $remote_addr (nginx), option forwardfor (HAProxy); and list it in TRUSTED_PROXIES.',
  };
}

function dropped({ cookie, authorization }: Mirrored): Finding | undefined {
  const gone = [...(cookie ? [] : ['Cookie']), ...(authorization ? [] : ['Authorization'])];
  if (gone.length === 0) return undefined;
  return {
    name: 'proxy.header_dropped',
    sentence: `${gone.join(' and ')} of a request did not reach the server: people cannot sign in, or clients not authenticate.`,
    remedy: `Let the proxy hand on ${gone.join(' and ')} of every request.`,
  };
}
