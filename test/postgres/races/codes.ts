import { openBrowser } from '../../support/browser.ts';
import { releaseTogether } from '../../support/released-together.ts';
import { DEMO_WEB, postForm } from '../../support/relying-party.ts';
import {
  aRunner,
  cookieHeader,
  expectNothingAlive,
  fifty,
  newCode,
  RACE_MS,
  ROUNDS,
  type TwoServers,
  tally,
  tokenRequest,
  tokensIn,
} from './two-servers.ts';

export function codeRaces(servers: () => TwoServers): void {
  it(
    'give a code its tokens once, and end them because it was used again',
    async () => {
      const { at } = servers();
      const runner = await aRunner(servers());
      const browser = openBrowser();
      for (let round = 0; round < ROUNDS; round += 1) {
        const code = await newCode(servers(), runner, browser);
        const replies = await releaseTogether(
          fifty((n) => tokenRequest(at(n), { grant_type: 'authorization_code', code })),
        );
        expect(tally(replies)).toEqual({ 200: 1, '400 invalid_grant': 49 });
        await expectNothingAlive(servers(), runner, tokensIn(replies));
      }
    },
    RACE_MS,
  );

  it(
    'answer a pushed request with a code once',
    async () => {
      const { at, issuer } = servers();
      const browser = openBrowser();
      await newCode(servers(), await aRunner(servers()), browser);
      for (let round = 0; round < ROUNDS; round += 1) {
        const request = { ...DEMO_WEB, response_type: 'code', scope: 'openid' };
        const { body } = await postForm(`${issuer}/auth/par`, request);
        const { client_id } = DEMO_WEB;
        const query = new URLSearchParams({ client_id, request_uri: String(body.request_uri) });
        const replies = await releaseTogether(
          fifty((n) => ({
            url: `${at(n)}/auth/authorize?${query}`,
            headers: cookieHeader(browser, '/auth/authorize'),
          })),
        );
        // Whoever finds it used is told on a page; whoever comes second to use it, at the client.
        const { code, ...refused } = tally(replies);
        expect(code).toBe(1);
        expect(['400 invalid_request_uri', 'invalid_request_uri']).toEqual(
          expect.arrayContaining(Object.keys(refused)),
        );
      }
    },
    RACE_MS,
  );
}
