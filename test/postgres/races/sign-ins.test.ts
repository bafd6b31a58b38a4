import { type Browser, openBrowser } from '../../support/browsers/browser.ts';
import { type PreparedRequest, releaseTogether } from '../../support/clients/released-together.ts';
import { authorizationUrl } from '../../support/clients/relying-party.ts';
import {
  aRunner,
  CHEAP_HASHES,
  cookieHeader,
  expectNothingAlive,
  fifty,
  interruption,
  OTHER_HASH,
  outcomes,
  RACE_MS,
  ROUNDS,
  type Runner,
  startTwoServers,
  type TwoServers,
  tally,
} from './two-servers.ts';

/** Releases fifty requests together at two processes, in twenty rounds for each race. */
describe('two servers on one database', () => {
  let servers: TwoServers;
  beforeAll(async () => {
    servers = await startTwoServers();
  });
  afterAll(() => servers.close());

  /** The filled-in sign-in page, once for each request. */
  const openForm = async (runner: Runner): Promise<{ browser: Browser; forms: PreparedRequest[] }> => {
    const { issuer, at } = servers;
    const browser = openBrowser();
    const page = await browser.follow(await browser.get(authorizationUrl(issuer)));
    const { pathname } = new URL(page.url);
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? '';
    const fields = { csrf, email: runner.email, password: runner.password };
    const form = (n: number): PreparedRequest => ({
      url: `${at(n)}${pathname}/sign-in`,
      method: 'POST',
      headers: {
        origin: issuer,
        'content-type': 'application/x-www-form-urlencoded',
        ...cookieHeader(browser, pathname),
      },
      body: new URLSearchParams(fields).toString(),
    });
    return { browser, forms: fifty(form) };
  };
  /** The target of an accepted form. */
  const resumptions = (browser: Browser, location: string | undefined): PreparedRequest[] => {
    const { pathname } = new URL(location ?? '', servers.issuer);
    return fifty((n) => ({ url: servers.at(n) + pathname, headers: cookieHeader(browser, pathname) }));
  };

  it(
    'take a sign-in form that is sent many times for one sign-in, with one code',
    async () => {
      const runner = await aRunner(servers);
      for (let round = 1; round <= ROUNDS; round += 1) {
        const { browser, forms } = await openForm(runner);
        const posted = await releaseTogether(forms);
        expect(outcomes(posted)).toEqual(['/auth/authorize/:uid']);
        const resumed = await releaseTogether(resumptions(browser, posted[0]?.location));
        expect(tally(resumed)).toEqual({ code: 1, '/interaction/:uid': 49 });
        const grants = await servers.database.knex('grants').where({ person_id: runner.id }).pluck('id');
        expect(grants).toHaveLength(round);
      }
    },
    RACE_MS,
  );

  describe.each([
    ['disabling the person', () => ({ disabled_at: new Date() })],
    ['changing the password', () => ({ password_hash: OTHER_HASH })],
  ])('%s', (_what, columns) => {
    const people = () => servers.database.knex('people');
    const endSignIns = (runner: Runner) => async () => {
      await people().where({ id: runner.id }).update(columns());
    };
    const sessions = (runner: Runner) =>
      servers.database.knex('sessions').where({ person_id: runner.id }).pluck('uid');

    it(
      'leaves nobody signed in whose form is being looked at',
      async () => {
        const runner = await aRunner(servers);
        for (let round = 0; round < ROUNDS; round += 1) {
          await people()
            .where({ id: runner.id })
            .update({ disabled_at: null, password_hash: CHEAP_HASHES[0] });
          const { browser, forms } = await openForm(runner);
          const posted = await releaseTogether(forms, interruption(round, endSignIns(runner)));
          const accepted = posted.find(({ location }) => location?.includes('/auth/authorize/'));
          if (accepted) await releaseTogether(resumptions(browser, accepted.location));
          expect(await sessions(runner)).toEqual([]);
          await expectNothingAlive(servers, runner, []);
        }
      },
      RACE_MS,
    );

    it(
      'leaves nobody signed in who is being sent back to the application',
      async () => {
        const runner = await aRunner(servers);
        for (let round = 0; round < ROUNDS; round += 1) {
          await people()
            .where({ id: runner.id })
            .update({ disabled_at: null, password_hash: CHEAP_HASHES[0] });
          const { browser, forms } = await openForm(runner);
          const [posted] = await releaseTogether(forms.slice(0, 1));
          const resuming = resumptions(browser, posted?.location);
          const resumed = await releaseTogether(resuming, interruption(round, endSignIns(runner)));
          expect(outcomes(resumed).filter((outcome) => outcome.startsWith('5'))).toEqual([]);
          expect(await sessions(runner)).toEqual([]);
          await expectNothingAlive(servers, runner, []);
        }
      },
      RACE_MS,
    );
  });
});
