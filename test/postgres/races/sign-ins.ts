import { openBrowser } from '../../support/browser.ts';
import { type PreparedRequest, releaseTogether } from '../../support/released-together.ts';
import { authorizationUrl } from '../../support/relying-party.ts';
import {
  aRunner,
  cookieHeader,
  fifty,
  outcomes,
  RACE_MS,
  ROUNDS,
  type TwoServers,
  tally,
} from './two-servers.ts';

export function signInRaces(servers: () => TwoServers): void {
  it(
    'take a sign-in form that is sent many times for one sign-in, with one code',
    async () => {
      const { at, issuer, database } = servers();
      const runner = await aRunner(servers());
      for (let round = 1; round <= ROUNDS; round += 1) {
        const browser = openBrowser();
        const page = await browser.follow(await browser.get(authorizationUrl(issuer)));
        const { pathname } = new URL(page.url);
        const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? '';
        const fields = { csrf, email: runner.email, password: runner.password };
        const posted = await releaseTogether(
          fifty((n) => ({
            url: `${at(n)}${pathname}/sign-in`,
            method: 'POST',
            headers: {
              origin: issuer,
              'content-type': 'application/x-www-form-urlencoded',
              ...cookieHeader(browser, pathname),
            },
            body: new URLSearchParams(fields).toString(),
          })),
        );
        expect(outcomes(posted)).toEqual(['/auth/authorize/:uid']);

        const resume = new URL(posted[0]?.location ?? '', issuer).pathname;
        const resumed = await releaseTogether(
          fifty((n): PreparedRequest => ({ url: at(n) + resume, headers: cookieHeader(browser, resume) })),
        );
        expect(tally(resumed)).toEqual({ code: 1, '400 invalid_request': 49 });
        expect(await database.knex('grants').where({ person_id: runner.id })).toHaveLength(round);
      }
    },
    RACE_MS,
  );
}
