import { createHashQueue } from '../../../src/platform/secrets/hash-queue.ts';
import { errorOf, openBrowser } from '../../support/browsers/browser.ts';
import { ADA, authorizationUrl } from '../../support/clients/relying-party.ts';
import { startTestServer } from '../../support/servers/test-server.ts';

it('a sign-in that finds the queue of hashes full is told to come back, and the one before it succeeds', async () => {
  const hashes = createHashQueue({ atOnce: 1, longest: 1 });
  const server = await startTestServer({ overrides: { hashes } });
  const submit = async () => {
    const browser = openBrowser();
    const page = await browser.follow(await browser.get(authorizationUrl(server.url)));
    const { email, password } = ADA;
    return () => browser.submit(page, '/sign-in', { email, password });
  };
  const submits = [await submit(), await submit()];
  let release = () => {};
  const held = hashes.run('held', () => new Promise<void>((done) => (release = done)));

  const answers = submits.map((send) => send());
  const refused = await Promise.race(answers);
  expect({ status: refused.status, error: errorOf(refused) }).toEqual({
    status: 503,
    error: 'Too many passwords are being checked at the moment. Try again in 5 seconds.',
  });
  expect(refused.headers.get('retry-after')).toBe('5');
  release();
  await held;
  expect((await Promise.all(answers)).map(({ status }) => status).sort()).toEqual([303, 503]);
  await server.close();
});
