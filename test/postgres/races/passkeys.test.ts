import { openBrowser } from '../../support/browsers/browser.ts';
import { type Reply, releaseTogether } from '../../support/clients/released-together.ts';
import { authorizationUrl } from '../../support/clients/relying-party.ts';
import { aPasskey, optionsOf } from '../../support/passkeys/passkey-pages.ts';
import {
  aRunner,
  cookieHeader,
  fifty,
  RACE_MS,
  startTwoServers,
  type TwoServers,
  tally,
} from './two-servers.ts';

/** Each has fifty requests. */
const ROUNDS = 6;
/** The answer of the one that goes on. */
const WON = '/auth/authorize/:uid';
/** Refused, or sent to begin again by an interaction that is over. */
const LOST = ['401', '/auth/authorize'];

describe('fifty answers to one challenge of a passkey, at two processes', () => {
  let servers: TwoServers;
  beforeAll(async () => {
    servers = await startTwoServers();
  });
  afterAll(() => servers.close());

  async function race(counter: number): Promise<Reply[]> {
    const { issuer, database } = servers;
    const runner = await aRunner(servers);
    const device = await aPasskey({ url: issuer, database }, runner, { counter });
    const browser = openBrowser();
    const page = await browser.follow(await browser.get(authorizationUrl(issuer)));
    const [, path = ''] = /action="(\/interaction\/[\w-]+\/passkey)"/.exec(page.html) ?? [];
    const [, csrf = ''] = /name="csrf" value="([^"]*)"/.exec(page.html) ?? [];
    const next = counter === 0 ? 0 : counter + 1;
    const answer = JSON.stringify(device.get(optionsOf(page), { counter: next }));
    const replies = await releaseTogether(
      fifty((n) => ({
        url: `${servers.at(n)}${path}`,
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          origin: issuer,
          ...cookieHeader(browser, path),
        },
        body: new URLSearchParams({ csrf, answer }).toString(),
      })),
    );
    const row = await database.knex('passkeys').where({ person_id: runner.id }).first('counter');
    expect(Number(row.counter)).toBe(next);
    return replies;
  }

  it.each([
    ['that does not count', 0],
    ['that counts', 7],
  ])(
    'sign in once, with a passkey %s',
    async (_, counter) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const counts = tally(await race(counter));
        expect(counts[WON]).toBe(1);
        expect(Object.keys(counts).filter((outcome) => outcome !== WON && !LOST.includes(outcome))).toEqual(
          [],
        );
      }
    },
    RACE_MS,
  );
});
