import { hash } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLeakedPasswords } from '../../src/accounts/leaked-passwords.ts';
import { createPasswordJudge } from '../../src/accounts/new-password.ts';
import { createOutboundFetch } from '../../src/platform/network/outbound-fetch.ts';

const LEAKED = 'wuseltronenpark';
const DIGITS = hash('sha1', LEAKED, 'hex').toUpperCase();
const SUFFIX = DIGITS.slice(5);
const OTHER = `${'0'.repeat(34)}A`;
const REFUSAL = 'This password has become public elsewhere, so attackers try it first. Choose another one.';

let answer: RequestListener;
let server: Server;
let url: string;
let asked: { url: string | undefined; method: string | undefined; padding: unknown; length: unknown }[];
beforeAll(async () => {
  server = createServer((req, res) => {
    const { 'add-padding': padding, 'content-length': length } = req.headers;
    asked.push({ url: req.url, method: req.method, padding, length });
    answer(req, res);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/range`;
});
beforeEach(() => {
  asked = [];
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Longer than an answer takes, however busy the machine is. */
const LONG = 60_000;

function lookUp({ loopback = true, limitMs = LONG } = {}) {
  const counted: string[] = [];
  const logged: string[] = [];
  const leaked = createLeakedPasswords({
    url,
    limitMs,
    fetch: createOutboundFetch({ networks: [], loopback }),
    logger: { warn: ({ detail }, text) => logged.push(`${text}: ${detail}`) },
    metrics: { countPasswordLookup: (outcome) => counted.push(outcome) },
  });
  return { leaked, counted, logged, judge: createPasswordJudge({ leaked }) };
}

const lines =
  (...all: string[]): RequestListener =>
  (_req, res) =>
    res.end(all.join('\r\n'));

describe('a new password is looked up among leaked ones', () => {
  it('by five hex digits of its SHA-1 and nothing else, and the answer is padded', async () => {
    answer = lines(`${OTHER}:3`, `${SUFFIX}:12`);
    const { judge, counted, logged } = lookUp();
    expect(await judge(LEAKED)).toBe(REFUSAL);
    expect(asked).toEqual([
      { url: `/range/${DIGITS.slice(0, 5)}`, method: 'GET', padding: 'true', length: undefined },
    ]);
    expect({ counted, logged }).toEqual({ counted: ['leaked'], logged: [] });
  });

  it.each([
    ['the rest of its digits is not there', [`${OTHER}:3`]],
    ['the rest of its digits is only padding', [`${OTHER}:3`, `${SUFFIX}:0`]],
  ])('and is fine when %s', async (_case, all) => {
    answer = lines(...all);
    const { judge, counted, logged } = lookUp();
    expect(await judge(LEAKED)).toBeUndefined();
    expect({ counted, logged }).toEqual({ counted: ['not_leaked'], logged: [] });
  });

  it('only when the rule has nothing against it', async () => {
    answer = lines(`${SUFFIX}:12`);
    const { judge } = lookUp();
    expect(await judge('password')).toMatch(/^The password is too easy to guess\./);
    expect(asked).toEqual([]);
  });

  it.each<[string, RequestListener, string, number]>([
    ['is an error', (_req, res) => res.writeHead(503).end(), 'The answer has the status 503.', LONG],
    [
      'leads elsewhere',
      (_req, res) => res.writeHead(302, { location: 'https://elsewhere.example/' }).end(),
      'The answer has the status 302.',
      LONG,
    ],
    [
      'is a page',
      lines('<html>Sign in to the network</html>'),
      'The answer is not that of a range API.',
      LONG,
    ],
    ['is empty', lines(''), 'The answer is not that of a range API.', LONG],
    ['is too long', lines(`${OTHER}:1\n`.repeat(40_000)), 'The answer is larger than 1048576 bytes.', LONG],
    ['breaks off', (_req, res) => void res.destroy(), '127.0.0.1', LONG],
    ['does not come', () => {}, 'The operation was aborted due to timeout', 50],
  ])(
    'and judged without them when the answer %s, which is counted and logged',
    async (_case, how, why, limitMs) => {
      answer = how;
      const { judge, counted, logged } = lookUp({ limitMs });
      expect(await judge(LEAKED)).toBeUndefined();
      expect(counted).toEqual(['failed']);
      expect(logged).toEqual([
        expect.stringContaining(
          `leaked passwords were not looked up; the password was judged without them: ${why}`,
        ),
      ]);
      expect(logged.join()).not.toContain(DIGITS.slice(0, 5));
    },
  );

  it('never at an address inside the network', async () => {
    const { judge, counted, logged } = lookUp({ loopback: false });
    expect(await judge(LEAKED)).toBeUndefined();
    expect({ counted, asked }).toEqual({ counted: ['failed'], asked: [] });
    expect(logged).toEqual([expect.stringContaining('plain http goes to this machine only')]);
  });
});
