import tls from 'node:tls';
import { freePort } from '../../../scripts/free-port.ts';
import type { CommandContext } from '../../../src/commands/command.ts';
import { serverSettings } from '../../../src/config.ts';
import { systemClock } from '../../../src/platform/time/clock.ts';
import { aCertificate } from '../../support/clients/certificates.ts';
import { openTestDatabase } from '../../support/databases/test-database.ts';
import { runOn, TEST_ENVIRONMENT } from '../../support/registrations/command-line.ts';
import {
  type CrookedProxy,
  type ProxyHabits,
  startCrookedProxy,
} from '../../support/servers/crooked-proxy.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS);
const names = [{ kind: 'dns', value: 'localhost' }] as const;
const CN = '2.5.4.3';

const root = aCertificate({ subject: [[CN, 'The root']], ca: true, until: inDays(365) });
const between = aCertificate({
  subject: [[CN, 'The one between']],
  issuer: root,
  ca: true,
  until: inDays(365),
});
const good = aCertificate({ issuer: root, names, until: inDays(90) });

const FORWARDING = {
  TRUSTED_PROXIES: '127.0.0.2',
  CLIENT_CERTIFICATE_HEADER: 'rfc9440',
};

let server: TestServer;
let settings: Record<string, string>;
let front: CrookedProxy;
const known = tls.getCACertificates('default');
beforeAll(async () => {
  tls.setDefaultCACertificates([...known, root.pem]);
  const port = await freePort();
  settings = { ...TEST_ENVIRONMENT, ...FORWARDING, ISSUER: `https://localhost:${port}` };
  server = await startTestServer({
    env: { ...FORWARDING, ISSUER: settings.ISSUER ?? '', HOST: '127.0.0.1' },
  });
  front = await startCrookedProxy(server.port, { chain: [good] }, port);
});
afterAll(async () => {
  front.close();
  await server.close();
  tls.setDefaultCACertificates(known);
});

/** The findings where the server is asked at `url`. */
async function findingsAt(
  url: string,
  env: Record<string, string> = {},
  context: Partial<CommandContext> = {},
): Promise<{ name: string; sentence: string; remedy: string }[]> {
  // The Postgres of the tests is made to be fast, and forgets; the embedded database is not asked for that.
  const database = { ...server.database, kind: 'embedded' as const };
  const { out, err } = await runOn(database, ['doctor', '--json', '--url', url], {
    server: () => serverSettings({ ...settings, ...env }),
    ...context,
  });
  expect(err).toBe('');
  return JSON.parse(out.join('\n')).findings;
}

/** The findings at a proxy with such a habit. */
async function findingsBehind(habits: ProxyHabits): ReturnType<typeof findingsAt> {
  const proxy = await startCrookedProxy(server.port, { chain: [good], ...habits });
  try {
    return await findingsAt(proxy.origin);
  } finally {
    proxy.close();
  }
}

const without =
  (name: string) =>
  ({ [name]: _gone, ...headers }: object & { [name: string]: unknown }) =>
    headers as ReturnType<NonNullable<ProxyHabits['answer']>>;

const MISTAKES: [
  what: string,
  found: () => ReturnType<typeof findingsAt>,
  name: string,
  sentence: RegExp,
  remedy: RegExp,
][] = [
  [
    'a certificate that has expired',
    () =>
      findingsBehind({ chain: [aCertificate({ issuer: root, names, from: inDays(-9), until: inDays(-1) })] }),
    'tls.expired',
    /^The certificate expired at \d{4}-\S+Z\./,
    /^Renew it and reload the proxy\./,
  ],
  [
    'a certificate that expires next week',
    () => findingsBehind({ chain: [aCertificate({ issuer: root, names, until: inDays(7) })] }),
    'tls.expires_soon',
    /^The certificate expires at \d{4}-\S+Z\.$/,
    /^Renew it\./,
  ],
  [
    'a certificate that is not valid yet',
    () =>
      findingsBehind({ chain: [aCertificate({ issuer: root, names, from: inDays(1), until: inDays(90) })] }),
    'tls.not_yet_valid',
    /^The certificate is valid only from \d{4}-\S+Z on\.$/,
    /^Set the clock/,
  ],
  [
    'a certificate of another host',
    () =>
      findingsBehind({
        chain: [
          aCertificate({ issuer: root, names: [{ kind: 'dns', value: 'www.example' }], until: inDays(90) }),
        ],
      }),
    'tls.other_host',
    /^The certificate is for DNS:www\.example, and not for localhost\.$/,
    /^Let the proxy show a certificate for localhost/,
  ],
  [
    'a chain without the certificate between',
    () => findingsBehind({ chain: [aCertificate({ issuer: between, names, until: inDays(90) })] }),
    'tls.chain_incomplete',
    /UNABLE_TO_VERIFY_LEAF_SIGNATURE.*its signer, The one between,/,
    /fullchain\.pem/,
  ],
  [
    'a certificate that signed itself',
    () => findingsBehind({ chain: [aCertificate({ names, until: inDays(90) })] }),
    'tls.not_trusted',
    /^This machine does not trust the certificate \(DEPTH_ZERO_SELF_SIGNED_CERT\)/,
    /NODE_EXTRA_CA_CERTS/,
  ],
  [
    'a name that is not known',
    () => findingsAt('https://login.invalid'),
    'issuer.unknown_host',
    /^The name login\.invalid is not known \((ENOTFOUND|EAI_AGAIN)\)\.$/,
    /^Add login\.invalid to the name server/,
  ],
  [
    'a port where nobody listens',
    () => findingsAt('https://localhost:1'),
    'issuer.unreachable',
    /^localhost:1 cannot be reached from here \(ECONNREFUSED\)\.$/,
    /^Start the proxy and the server/,
  ],
  [
    'a proxy without a server',
    () =>
      findingsBehind({
        instead(_req, res) {
          res.writeHead(502, { server: 'nginx' }).end('Bad Gateway');
          return true;
        },
      }),
    'issuer.not_served',
    /^https:\/\/localhost:\d+\/\.well-known\/openid-configuration answers 502, by nginx, /,
    /^Let the proxy hand every path of this host to the server/,
  ],
  [
    'a server with another ISSUER',
    () => findingsAt(front.origin, { ISSUER: 'https://login.example' }),
    'issuer.other',
    /^The server at this address says that it is https:\/\/localhost:\d+, and ISSUER is https:\/\/login\.example\./,
    /^Set ISSUER=https:\/\/login\.example for every server/,
  ],
  [
    'a proxy that hands on some paths alone',
    () =>
      findingsBehind({
        instead(req, res) {
          if (!req.url?.startsWith('/v1/')) return false;
          res.writeHead(404).end();
          return true;
        },
      }),
    'issuer.path_not_served',
    /^GET \/v1\/listnr-token-provider\/jwks answers 404 at the issuer, and this server would answer 200\.$/,
    /^Let the proxy hand every path/,
  ],
  [
    'the clock of the server at the issuer',
    () =>
      findingsAt(front.origin, {}, { clock: { now: () => new Date(systemClock.now().getTime() + 90_000) } }),
    'issuer.clock',
    /^The clock of the server at the issuer is (89|9\d) seconds behind that of this machine\.$/,
    /NTP/,
  ],
  [
    'a proxy that lets the addresses of strangers through',
    () =>
      findingsBehind({
        request: (headers, came) => ({ ...headers, 'x-forwarded-for': came['x-forwarded-for'] }),
      }),
    'proxy.forwarded_for_believed',
    /^The server believed the X-Forwarded-For of a stranger \(198\.51\.100\.77\)/,
    /^Let the proxy overwrite the header: proxy_set_header X-Forwarded-For \$remote_addr/,
  ],
  [
    'a proxy that TRUSTED_PROXIES does not list',
    () => findingsBehind({ from: '127.0.0.3' }),
    'proxy.not_trusted',
    /^Requests come from 127\.0\.0\.3, which TRUSTED_PROXIES does not list/,
    /^Add it, or its network: TRUSTED_PROXIES=127\.0\.0\.3$/,
  ],
  [
    'a proxy that does not say for whom it asks',
    () => findingsBehind({ request: without('x-forwarded-for') }),
    'proxy.no_forwarded_for',
    /^The proxy 127\.0\.0\.2 does not say for whom it asks/,
    /option forwardfor/,
  ],
  [
    'a proxy that lets the certificates of strangers through',
    () =>
      findingsBehind({ request: (headers, came) => ({ ...headers, 'client-cert': came['client-cert'] }) }),
    'proxy.certificate_believed',
    /^The header of CLIENT_CERTIFICATE_HEADER that a stranger sent reached the server/,
    /^Let every listener of the proxy overwrite or remove that header/,
  ],
  [
    'a proxy that believes the scheme of strangers',
    () =>
      findingsBehind({
        instead(req, res) {
          if (req.headers['x-forwarded-proto'] !== 'http') return false;
          res.writeHead(301, { location: `https://${req.headers['x-forwarded-host']}/healthz` }).end();
          return true;
        },
      }),
    'proxy.forwarded_believed',
    /is sent on to https:\/\/stranger\.example\/healthz\.$/,
    /^Let the proxy remove X-Forwarded-Proto, X-Forwarded-Host and Forwarded/,
  ],
  [
    'a proxy that removes Strict-Transport-Security',
    () => findingsBehind({ answer: without('strict-transport-security') }),
    'proxy.no_hsts',
    /^The answer has no Strict-Transport-Security/,
    /^Let the proxy hand on all headers of answers\./,
  ],
  [
    'a proxy that removes X-Request-Id',
    () => findingsBehind({ answer: without('x-request-id') }),
    'proxy.no_request_id',
    /^The answer has no X-Request-Id/,
    /^Let the proxy hand on the header X-Request-Id/,
  ],
  [
    'a proxy that takes short heads alone',
    () => findingsBehind({ headBytes: 16_384 }),
    'proxy.head_limit',
    /^A request whose Authorization header has 40000 characters is answered with 431/,
    /large_client_header_buffers 4 64k/,
  ],
  [
    'a proxy that takes short forms alone',
    () =>
      findingsBehind({
        instead(req, res) {
          if (Number(req.headers['content-length'] ?? 0) < 10_000) return false;
          res.writeHead(413).end();
          return true;
        },
      }),
    'proxy.body_limit',
    /^A form of 60000 bytes is answered with 413/,
    /client_max_body_size 64k/,
  ],
  [
    'a proxy that removes cookies',
    () => findingsBehind({ request: without('cookie') }),
    'proxy.header_dropped',
    /^Cookie of a request did not reach the server/,
    /^Let the proxy hand on Cookie of every request\.$/,
  ],
];

describe('doctor', () => {
  it('finds nothing at a good proxy', async () => {
    expect(await findingsAt(front.origin)).toEqual([]);
  });

  it.each(MISTAKES)('names %s, and the remedy', async (_what, find, name, sentence, remedy) => {
    const found = await find();
    expect(found.map((one) => one.name)).toContain(name);
    const finding = found.find((one) => one.name === name);
    expect(finding?.sentence).toMatch(sentence);
    expect(finding?.remedy).toMatch(remedy);
  });

  it('names another database behind the issuer', async () => {
    const other = await openTestDatabase('demo');
    await runOn(other, ['keys', 'rotate', 'oidc']);
    const found = await findingsAt(
      front.origin,
      {},
      { openDatabase: async () => ({ ...other, close: async () => {} }) },
    );
    expect(found.find(({ name }) => name === 'issuer.other_keys')?.sentence).toMatch(
      /^The server at this address publishes keys \(\S+\) of which DATABASE_URL has none/,
    );
    await other.close();
  });

  it('shows nobody else how a request arrived', async () => {
    const { status } = await fetch(`http://127.0.0.1:${server.port}/doctor`, {
      method: 'POST',
      headers: { 'x-listo-doctor': `${Math.floor(Date.now() / 1000)}.AAAA` },
    });
    expect(status).toBe(404);
  });
});
