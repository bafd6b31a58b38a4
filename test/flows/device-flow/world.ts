import { createHash } from 'node:crypto';
import { type Browser, openBrowser, type Page } from '../../support/browsers/browser.ts';
import { ADA, type Answer, postForm, refused, signIn } from '../../support/clients/relying-party.ts';
import { aClient, type TestClient, type TestPerson } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

export const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';

export interface DeviceAnswer {
  device_code: string;
  user_code: string;
  verification_uri: string;
  verification_uri_complete: string;
  expires_in: number;
}

type Device = { client_id: string; client_secret?: string };

/** A server, a television, and Ada's browser, in which she is signed in; and the acts of devices and people. */
export type DeviceWorld = ReturnType<typeof aDeviceWorld>;

export function aDeviceWorld() {
  let server: TestServer;
  let television: TestClient;
  let ada: Browser;

  const aDevice = (columns: Parameters<typeof aClient>[1] = {}): Promise<TestClient> =>
    aClient(server, {
      type: 'public',
      redirect_uris: [],
      grant_types: [DEVICE_CODE, 'refresh_token'],
      ...columns,
    });

  const ask = ({ client_id }: Device, more: Record<string, string> = {}): Promise<Answer> =>
    postForm(`${server.url}/auth/device_authorization`, { client_id, scope: 'openid profile', ...more });

  const rowOf = ({ device_code }: DeviceAnswer) => {
    const id_hash = createHash('sha256').update(device_code).digest();
    return server.database.knex('artifacts').where({ model: 'DeviceCode', id_hash });
  };

  return {
    server: () => server,
    television: () => television,
    ada: () => ada,
    aDevice,
    ask,
    rowOf,

    async start(): Promise<void> {
      server = await startTestServer();
      ({ browser: ada } = await signIn(server.url));
      television = await aDevice({ name: 'Television' });
    },
    close: () => server.close(),

    async begin(device: Device = television, more: Record<string, string> = {}): Promise<DeviceAnswer> {
      return (await ask(device, more)).body as unknown as DeviceAnswer;
    },

    poll(
      { device_code }: Pick<DeviceAnswer, 'device_code'>,
      { client_id, client_secret }: Device = television,
    ): Promise<Answer> {
      const secret = client_secret ? { client_secret } : {};
      return postForm(`${server.url}/auth/token`, {
        grant_type: DEVICE_CODE,
        client_id,
        device_code,
        ...secret,
      });
    },

    async approve(
      code: DeviceAnswer,
      {
        person = ADA,
        browser = person === ADA ? ada : openBrowser(),
      }: { browser?: Browser; person?: Pick<TestPerson, 'email' | 'password'> } = {},
    ): Promise<Page> {
      const page = await confirm(browser, code);
      if (!page.html.includes('name="password"')) return page;
      const { email, password } = person;
      return browser.follow(await browser.submit(page, '/sign-in', { email, password }));
    },

    async expire(code: DeviceAnswer): Promise<void> {
      const { payload } = await rowOf(code).first();
      const exp = Math.floor(Date.now() / 1000) - 1;
      await rowOf(code).update({ payload: JSON.stringify({ ...payload, exp }) });
    },
  };
}

/** Acts like the person: opens the code's address, then presses Continue. */
export async function confirm(browser: Browser, { verification_uri_complete }: DeviceAnswer): Promise<Page> {
  const page = await browser.get(verification_uri_complete);
  return browser.follow(await browser.submit(page, '/auth/device', { confirm: 'yes' }));
}

export const headingOf = ({ html }: Page) => /<h1>(.*?)<\/h1>/.exec(html)?.[1]?.replaceAll(/<\/?bdi>/g, '');
const errorOf = ({ html }: Page) => /Error: <\/span>([^<]*)</.exec(html)?.[1];
/** The visible parts of a page. */
export const seen = (page: Page) => ({ status: page.status, heading: headingOf(page), error: errorOf(page) });

export const PENDING = refused(
  'authorization_pending',
  "authorization request is still pending as the end-user hasn't yet completed the user interaction steps",
);
const codePage = { heading: 'Sign in on your device', error: undefined };
export const CODE_PAGE = { status: 200, ...codePage };
export const UNKNOWN = {
  status: 400,
  ...codePage,
  error: 'That is not a code we know. Please compare it with the one on your device.',
};
export const USED = {
  status: 400,
  ...codePage,
  error: 'That code has been used already. Your device can show you a new one.',
};
export const EXPIRED = {
  status: 400,
  ...codePage,
  error: 'That code has expired. Your device can show you a new one.',
};
export const INTERRUPTED = {
  status: 400,
  ...codePage,
  error: 'That did not work, perhaps because the page was open for too long. Please enter the code again.',
};
/** The question whether to go on. */
export const QUESTION = { status: 200, heading: 'Sign in to Television?', error: undefined };
export const SIGNED_IN = { status: 200, heading: 'You are signed in', error: undefined };
export const CANCELLED = { status: 200, heading: 'Cancelled', error: undefined };

export function hiddenFields({ html }: Page): Record<string, string> {
  const fields = html.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g);
  return Object.fromEntries([...fields].map(([, name, value]) => [name, value]));
}
