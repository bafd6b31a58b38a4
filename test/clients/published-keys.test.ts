import type { ServerResponse } from 'node:http';
import { createPublishedKeys, KeysUnavailable } from '../../src/clients/keys/published-keys.ts';
import { createOutboundFetch } from '../../src/platform/network/outbound-fetch.ts';
import { type Answer, type KeyAddress, openKeyAddress } from '../support/clients/key-address.ts';
import { aClientKey } from '../support/clients/proofs.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

describe('the keys that a client publishes', () => {
  let address: KeyAddress;
  let time: number;
  let first: object;
  let second: object;
  beforeAll(async () => {
    first = { ...(await aClientKey()).publicJwk, kid: 'first' };
    second = { ...(await aClientKey()).publicJwk, kid: 'second' };
  });
  beforeEach(async () => {
    time = 0;
    address = await openKeyAddress({ keys: [first] });
  });
  afterEach(() => address.close());

  const open = () =>
    createPublishedKeys({
      fetch: createOutboundFetch({ networks: [], loopback: true }),
      now: () => time,
    });
  const unavailable = async (asked: Promise<unknown>) => {
    const error = await asked.then(
      () => undefined,
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(KeysUnavailable);
    return (error as Error).message;
  };
  const respond =
    (status: number, headers: Record<string, string>, body: string): Answer =>
    (res: ServerResponse) => {
      res.writeHead(status, headers).end(body);
    };
  const cached =
    (cacheControl: string): Answer =>
    (res) => {
      res.writeHead(200, { 'cache-control': cacheControl }).end(JSON.stringify({ keys: [first] }));
    };

  it('are fetched once for everybody who needs them together', async () => {
    const keys = open();
    const sets = await Promise.all(Array.from({ length: 20 }, () => keys.at(address.url)));
    expect(sets.map((set) => set.keys)).toEqual(Array(20).fill([first]));
    expect(address.asked()).toBe(1);
  });

  it.each<[string, Answer | undefined, number]>([
    ['ten minutes, where the answer does not say', undefined, 10 * MINUTE],
    ['as long as the answer says', cached('public, max-age=1200'), 20 * MINUTE],
    ['a minute, where the answer says less', cached('max-age=0'), MINUTE],
    ['a minute, where the answer wants no cache', cached('no-store, max-age=3000'), MINUTE],
    ['an hour, where the answer says more', cached('max-age=9999999999'), HOUR],
    ['ten minutes, where the answer says nothing that can be read', cached('max-age=soon'), 10 * MINUTE],
  ])('are used for %s', async (_what, answer, fresh) => {
    if (answer) address.answer(answer);
    const keys = open();
    await keys.at(address.url);
    time = fresh - 1;
    await keys.at(address.url);
    expect(address.asked()).toBe(1);
    time = fresh;
    await keys.at(address.url);
    expect(address.asked()).toBe(2);
  });

  it('are fetched once more when one is missing, and then not again for half a minute', async () => {
    const keys = open();
    const known = await keys.at(address.url);
    address.answer({ keys: [first, second] });
    expect(await keys.newerThan(known, address.url)).toBe(undefined);
    expect(address.asked()).toBe(1);
    time = 30 * SECOND;
    const together = await Promise.all(Array.from({ length: 20 }, () => keys.newerThan(known, address.url)));
    expect(together.map((set) => set?.keys)).toEqual(Array(20).fill([first, second]));
    expect(address.asked()).toBe(2);
    // A request that began with the older keys gets these, which are there already.
    expect((await keys.newerThan(known, address.url))?.keys).toEqual([first, second]);
    expect(await keys.newerThan(await keys.at(address.url), address.url)).toBe(undefined);
    expect(address.asked()).toBe(2);
  });

  it('stay in use for a day while their address is away, with pauses that grow', async () => {
    const keys = open();
    await keys.at(address.url);
    address.answer(respond(500, {}, ''));
    const asked: number[] = [];
    for (time = 10 * MINUTE; time < 24 * HOUR; time += 5 * SECOND) {
      const before = address.asked();
      expect((await keys.at(address.url)).keys).toEqual([first]);
      if (address.asked() > before) asked.push(time);
      if (asked.length > 9) break;
    }
    const pauses = asked.slice(1).map((at, n) => (at - (asked[n] ?? 0)) / SECOND);
    expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300]);
    time = 24 * HOUR;
    expect(await unavailable(keys.at(address.url))).toBe('the answer has the status 500');
  });

  it('are taken again as soon as the address answers after a pause', async () => {
    address.answer(respond(500, {}, ''));
    const keys = open();
    await unavailable(keys.at(address.url));
    address.answer({ keys: [second] });
    time = 5 * SECOND - 1;
    expect(await unavailable(keys.at(address.url))).toBe('the answer has the status 500');
    time = 5 * SECOND;
    expect((await keys.at(address.url)).keys).toEqual([second]);
    expect(address.asked()).toBe(2);
  });

  it.each<[string, Answer, string]>([
    ['redirects', respond(302, { location: 'http://127.0.0.1:1/' }, ''), 'the answer has the status 302'],
    ['answers with a page', respond(200, {}, '<html>'), 'the answer is not JSON'],
    ['answers with something else', respond(200, {}, '[]'), 'the answer is no JWK set'],
    ['answers with null', respond(200, {}, 'null'), 'the answer is no JWK set'],
    ['has keys that are none', { keys: [null] }, 'the answer is no JWK set'],
    ['has no keys', { keys: [] }, 'the answer has no key that can be used'],
    ['has fifty-one keys', { keys: Array(51).fill({}) }, 'the answer has more than 50 keys'],
    [
      'answers with much',
      { keys: [{ kid: 'a'.repeat(70_000) }] },
      'the answer has more than 65536 characters',
    ],
    [
      'publishes a symmetric key',
      { keys: [{ kty: 'oct', k: 'AAAA' }] },
      'the answer has a private or symmetric key',
    ],
    [
      'publishes a private key beside a public one',
      {
        keys: [
          { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) },
          { kty: 'OKP', d: '' },
        ],
      },
      'the answer has a private or symmetric key',
    ],
    [
      'has keys for something else, or too short or long',
      {
        keys: [
          { kty: 'RSA', n: 'A'.repeat(341), e: 'AQAB' },
          { kty: 'RSA', n: 'A'.repeat(1367), e: 'AQAB' },
          { kty: 'RSA', n: 'A'.repeat(342), e: 'A'.repeat(342) },
          { kty: 'EC', crv: 'P-384', x: 'A'.repeat(43), y: 'A'.repeat(43) },
          { kty: 'OKP', crv: 'X25519', x: 'A'.repeat(43) },
          { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43), use: 'enc' },
          { kty: 'EC', crv: 'P-256', x: ['A'], y: {} },
        ],
      },
      'the answer has no key that can be used',
    ],
    [
      'answers a gigabyte',
      (res) => {
        const more = () => {
          while (!res.destroyed && res.write('a'.repeat(1024 * 1024)));
        };
        res.on('drain', more);
        more();
      },
      'The answer is larger than 1048576 bytes.',
    ],
    ['breaks off', (res) => res.destroy(), 'ADDRESS could not be asked.'],
  ])('are not taken from an address that %s', async (_what, answer, why) => {
    address.answer(answer);
    expect(await unavailable(open().at(address.url))).toBe(why.replace('ADDRESS', new URL(address.url).host));
  });

  it('are not waited for longer than five seconds', async () => {
    address.answer(() => {});
    expect(await unavailable(open().at(address.url))).toBe('The operation was aborted due to timeout');
  });

  it.each([
    'https://127.0.0.1/keys',
    'https://10.0.0.1/keys',
    'https://169.254.169.254/',
    'http://192.0.2.1/',
  ])('are not asked for at %s outside development', async (url) => {
    const keys = createPublishedKeys({ fetch: createOutboundFetch({ networks: [], loopback: false }) });
    expect(await unavailable(keys.at(url))).toMatch(/ is not asked: /);
  });

  it('have no more members than a signature needs', async () => {
    address.answer({
      keys: [{ ...first, x5u: 'https://evil.example', note: 'a'.repeat(1000), alg: 'ES256' }],
    });
    expect((await open().at(address.url)).keys).toEqual([{ ...first, alg: 'ES256' }]);
  });
});
