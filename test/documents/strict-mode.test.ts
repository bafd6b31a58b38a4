import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exchange, obtainCode, userinfo } from '../support/clients/relying-party.ts';
import { blocksAt, fillIn } from '../support/documents/blocks.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

type Answer = Awaited<ReturnType<typeof exchange>>;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

/** The lines of docs/client-libraries.md, with a React that does what StrictMode does: it runs each effect twice. */
async function documentedHook(): Promise<
  (redeem: () => Promise<Answer>, show: (answer: Answer) => void) => void
> {
  const folder = mkdtempSync(join(process.env.TEST_FOLDER ?? '', 'react-'));
  const [{ text }] = blocksAt('docs/client-libraries.md#what-to-know-first', 'js');
  writeFileSync(join(folder, 'react.mjs'), 'export const useEffect = (effect) => { effect(); effect(); };');
  writeFileSync(join(folder, 'hook.mjs'), fillIn(text, { "'react'": "'./react.mjs'" }));
  return (await import(join(folder, 'hook.mjs'))).useSignIn;
}

/** Runs an effect. Returns the statuses that it shows, and whether the access token works after that. */
async function shownBy(run: (redeem: () => Promise<Answer>, show: (answer: Answer) => void) => void) {
  const code = await obtainCode(server.url);
  const shown = await new Promise<Answer[]>((done) => {
    const answers: Answer[] = [];
    run(
      () => exchange(server.url, code),
      (answer) => {
        if (answers.push(answer) === 2) done(answers);
      },
    );
  });
  const first = shown.find(({ status }) => status === 200);
  return {
    shown: shown.map(({ status }) => status).toSorted(),
    userinfo: (await userinfo(server.url, String(first?.body.access_token))).status,
  };
}

describe('an effect of React that runs twice', () => {
  it('uses a code once with the lines of the document', async () => {
    expect(await shownBy(await documentedHook())).toEqual({ shown: [200, 200], userinfo: 200 });
  });

  it('ends its own sign-in without them', async () => {
    const run = (redeem: () => Promise<Answer>, show: (answer: Answer) => void) => {
      for (let times = 0; times < 2; times += 1) void redeem().then(show);
    };
    expect(await shownBy(run)).toEqual({ shown: [200, 400], userinfo: 401 });
  });
});
