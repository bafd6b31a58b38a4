import { openBrowser, type Page } from '../../support/browsers/browser.ts';
import { ADA, explainedAt } from '../../support/clients/relying-party.ts';
import {
  aDemoWorld,
  answerIn,
  block,
  firstWords,
  heading,
  parts,
  problem,
  progress,
  signInAsAda,
  waysOn,
} from './world.ts';

const world = aDemoWorld();
const { issuer } = world;
beforeAll(() => world.start());
afterAll(() => world.close());

/** A browser at the consent page, and the page. */
async function asked() {
  const browser = openBrowser();
  const form = await browser.follow(await browser.get(`${issuer()}/demo/consent/sign-in`));
  return { browser, question: await browser.follow(await signInAsAda(browser, form)) };
}

async function decided(decision: 'allow' | 'deny') {
  const { browser, question } = await asked();
  const page = await browser.follow(await browser.submit(question, '/consent', { decision }));
  return { browser, page };
}

const granted = ({ html }: Page) =>
  [...html.matchAll(/<strong class="grants__title">([^<]*)</g)].map(([, title]) => title);

describe('the demo of consent', () => {
  it('begins with a page that sets no cookie, and leads to the other parts', async () => {
    const page = await openBrowser().get(`${issuer()}/demo/consent`);

    expect({ status: page.status, heading: heading(page), parts: parts(page) }).toEqual({
      status: 200,
      heading: 'Ask a person for consent',
      parts: ['Web application', 'Consent', 'Device'],
    });
    expect(page.html).toContain(`href="${issuer()}/demo/consent/sign-in">Ask for consent</a>`);
    expect(page.headers.getSetCookie()).toEqual([]);
  });

  it('asks as a public client with PKCE, and insists on the page', async () => {
    const { location = '' } = await openBrowser().get(`${issuer()}/demo/consent/sign-in`);

    expect(Object.fromEntries(new URL(location).searchParams)).toEqual({
      response_type: 'code',
      client_id: 'client_demo_spa',
      redirect_uri: `${issuer()}/demo/consent/callback`,
      scope: 'openid profile email',
      prompt: 'consent',
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });
  });

  it('shows a yes: the code exchange without a secret, and the claims of each scope', async () => {
    const { question } = await asked();
    expect(granted(question)).toEqual([
      'Know who you are',
      'See your name',
      'See your email address',
      'Stay signed in',
    ]);

    const { page } = await decided('allow');
    expect({ url: page.url, heading: heading(page), progress: progress(page) }).toEqual({
      url: `${issuer()}/demo/consent`,
      heading: 'Ada Lovelace allowed it',
      progress: { request: 'done', decision: 'done', exchange: 'done', claims: 'done', again: 'next' },
    });
    const { code } = answerIn(page, 'Authorization: answer');
    const verifier = /-d code_verifier=([\w-]{43}) /.exec(block(page, 'Code exchange: request'))?.[1];
    expect(block(page, 'Code exchange: request')).toBe(
      `CODE='${code}'

curl ${issuer()}/auth/token \\
  --data-urlencode 'redirect_uri=${issuer()}/demo/consent/callback' \\
  -d "code=$CODE" \\
  -d code_verifier=${verifier} \\
  -d grant_type=authorization_code \\
  -d client_id=client_demo_spa`,
    );
    expect(answerIn(page, 'ID token: claims')).toMatchObject({ sub: ADA.id, aud: 'client_demo_spa' });
    expect(firstWords(page, 'decision')).toMatch(/^The person saw each scope in plain words/);
  });

  it('shows a no: the error of the answer, and no tokens', async () => {
    const { browser, page } = await decided('deny');

    expect({ heading: heading(page), progress: progress(page) }).toEqual({
      heading: 'The answer was no',
      progress: { request: 'done', decision: 'failed', exchange: 'todo', claims: 'todo', again: 'next' },
    });
    expect(answerIn(page, 'Authorization: answer')).toEqual({
      error: 'access_denied',
      error_description: 'User denied authorization',
      state: expect.any(String),
      iss: issuer(),
      error_uri: explainedAt(issuer()),
    });
    await world.server().database.knex('consents').delete();
    const again = await browser.follow(await browser.get(`${issuer()}/demo/consent/sign-in?ask=once`));
    expect(heading(again)).toBe('Share with Demo single-page application?');
  });

  it('signs in without a question once it is allowed, and asks again where the request insists', async () => {
    const { browser } = await decided('allow');
    const silent = await browser.follow(await browser.get(`${issuer()}/demo/consent/sign-in?ask=once`));
    expect({ url: silent.url, words: firstWords(silent, 'decision') }).toEqual({
      url: `${issuer()}/demo/consent`,
      words:
        'Nobody was asked this time: the server remembered the answer from before, which covers the same scopes.',
    });

    const insisting = await browser.follow(await browser.get(`${issuer()}/demo/consent/sign-in`));
    expect(heading(insisting)).toBe('Share with Demo single-page application?');
  });

  it('leaves the web application’s sign-in as it is', async () => {
    const { browser } = await world.signedIn();
    const question = await browser.follow(await browser.get(`${issuer()}/demo/consent/sign-in`));
    await browser.follow(await browser.submit(question, '/consent', { decision: 'allow' }));

    expect(heading(await browser.get(`${issuer()}/demo`))).toBe('Ada Lovelace is signed in');
  });

  it('takes no answer that belongs to the web application', async () => {
    const { browser, callback } = await world.beforeCallback();
    const page = await browser.get(callback.href.replace('/demo/callback', '/demo/consent/callback'));

    expect(problem(page)).toEqual({
      status: 400,
      title: 'This answer is not expected',
      code: 'state_mismatch',
    });
    expect(waysOn(page)).toEqual({
      'Ask for consent': `${issuer()}/demo/consent/sign-in`,
      'Start over': '/demo/consent',
      'Back to the demo': '/demo',
    });
  });
});
