import { openBrowser } from '../../support/browser.ts';
import { aClient } from '../../support/factories.ts';
import { releaseTogether } from '../../support/released-together.ts';
import { postForm } from '../../support/relying-party.ts';
import {
  aRunner,
  expectNothingAlive,
  fifty,
  newCode,
  RACE_MS,
  ROUNDS,
  type TwoServers,
  tally,
  tokensIn,
} from './two-servers.ts';

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';

export function deviceRaces(servers: () => TwoServers): void {
  it(
    'give a device code its tokens once, and end them because it was used again',
    async () => {
      const { database, issuer, at } = servers();
      const { client_id } = await aClient(servers(), {
        type: 'public',
        redirect_uris: [],
        grant_types: [DEVICE_CODE, 'refresh_token'],
      });
      const runner = await aRunner(servers());
      const browser = openBrowser();
      await newCode(servers(), runner, browser);
      // Signed in, with nothing given yet.
      await database.knex('grants').where({ person_id: runner.id }).delete();
      for (let round = 0; round < ROUNDS; round += 1) {
        const { body } = await postForm(`${issuer}/auth/device_authorization`, {
          client_id,
          scope: 'openid',
        });
        const page = await browser.get(String(body.verification_uri_complete));
        await browser.follow(await browser.submit(page, '/auth/device', { confirm: 'yes' }));
        const fields = { grant_type: DEVICE_CODE, client_id, device_code: String(body.device_code) };
        const replies = await releaseTogether(
          fifty((n) => ({
            url: `${at(n)}/auth/token`,
            method: 'POST',
            headers: { 'content-type': 'application/x-www-form-urlencoded' },
            body: new URLSearchParams(fields).toString(),
          })),
        );
        expect(tally(replies)).toEqual({ 200: 1, '400 invalid_grant': 49 });
        await expectNothingAlive(servers(), runner, []);
        expect(tokensIn(replies)).toHaveLength(1);
      }
    },
    RACE_MS,
  );
}
