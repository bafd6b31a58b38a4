import { createHash } from 'node:crypto';
import { createDeviceCodeStore } from '../../../src/grants/device-code-store.ts';
import { type Browser, openBrowser, type Page } from '../../support/browsers/browser.ts';
import {
  ADA,
  authorizationUrl,
  brief,
  refused,
  signIn,
  type Tokens,
  userinfo,
} from '../../support/clients/relying-party.ts';
import { anInstance, aPerson } from '../../support/registrations/factories.ts';
import {
  aDeviceWorld,
  CANCELLED,
  CODE_PAGE,
  confirm,
  headingOf,
  INTERRUPTED,
  PENDING,
  SIGNED_IN,
  seen,
  USED,
} from './world.ts';

const world = aDeviceWorld();
const { server, ada, aDevice, begin, poll, approve, television } = world;
beforeAll(() => world.start());
afterAll(() => world.close());

describe('signing in on a device', () => {
  it('happens in the instance of its client, whoever is signed in to another', async () => {
    const instance_id = await anInstance(server(), { name: 'Globex' });
    const person = await aPerson(server(), { instance_id });
    const device = await aDevice({ instance_id, name: 'Printer' });
    const browser = ada();
    const code = await begin(device);

    const asked = await browser.get(code.verification_uri_complete);
    expect(asked.html).toContain('<span class="brand__name"><bdi>Globex</bdi></span>');
    expect(asked.html).not.toContain('You are signed in as');
    const page = await browser.follow(await browser.submit(asked, '/auth/device', { confirm: 'yes' }));
    expect(headingOf(page)).toBe('Sign in to Printer');
    const { email, password } = person;
    const done = await browser.follow(await browser.submit(page, '/sign-in', { email, password }));
    expect(headingOf(done)).toBe('You are signed in');
    const { access_token } = (await poll(code, device)).body as unknown as Tokens;
    expect((await userinfo(server().url, access_token)).body.sub).toBe(person.id);

    const still = await browser.get(authorizationUrl(server().url, { prompt: 'none', scope: 'openid' }));
    expect(new URL(still.location ?? '').searchParams.has('code')).toBe(true);
  });

  it('says who is signed in, and signs them in', async () => {
    const code = await begin();
    const asked = await ada().get(code.verification_uri_complete);
    expect(asked.html).toContain('Ada Lovelace');
    expect(asked.html).toContain(ADA.email);
    const done = await ada().follow(await ada().submit(asked, '/auth/device', { confirm: 'yes' }));
    expect(seen(done)).toEqual(SIGNED_IN);
    const { access_token } = (await poll(code)).body as unknown as Tokens;
    expect((await userinfo(server().url, access_token)).body.sub).toBe(ADA.id);
  });

  it('lets somebody else sign in who is not the one who is signed in, and says who is signed out', async () => {
    const grace = await aPerson(server());
    const { browser } = await signIn(server().url);
    const code = await begin();
    const asked = await browser.get(code.verification_uri_complete);
    const form = await browser.follow(await browser.submit(asked, '/auth/device', { confirm: 'another' }));
    expect(headingOf(form)).toBe('Sign in to Television');
    expect(form.html).toContain('<strong><bdi>Ada Lovelace</bdi></strong> is signed out.');
    expect(form.html).not.toContain(ADA.email);
    const { email, password } = grace;
    const done = await browser.follow(await browser.submit(form, '/sign-in', { email, password }));
    expect(seen(done)).toEqual(SIGNED_IN);
    const { access_token } = (await poll(code)).body as unknown as Tokens;
    expect((await userinfo(server().url, access_token)).body.sub).toBe(grace.id);
    const still = await browser.get(authorizationUrl(server().url, { prompt: 'none', scope: 'openid' }));
    expect(new URL(still.location ?? '').searchParams.has('code')).toBe(true);
  });

  it('refuses that without the token of the form', async () => {
    const code = await begin();
    const asked = await ada().get(code.verification_uri_complete);
    const forged = await ada().submit(asked, '/auth/device', { confirm: 'another', xsrf: 'wrong' });
    expect(seen(forged)).toEqual(INTERRUPTED);
    expect(brief(await poll(code))).toEqual(PENDING);
  });

  it('takes no prompt from the device', async () => {
    const code = await begin(television(), { prompt: 'select_account' });
    expect(seen(await approve(code))).toEqual(SIGNED_IN);
  });

  it('asks for consent where the registration says so, and remembers it', async () => {
    const device = await aDevice({ require_consent: true, name: 'Speaker' });
    const browser = openBrowser();
    const code = await begin(device);
    const page = await approve(code, { browser });
    expect(headingOf(page)).toBe('Share with Speaker?');
    const done = await browser.follow(await browser.submit(page, '/consent', { decision: 'allow' }));
    expect(headingOf(done)).toBe('You are signed in');
    expect((await poll(code, device)).body.scope).toBe('openid profile');
    expect(headingOf(await approve(await begin(device), { browser }))).toBe('You are signed in');
  });

  it('ends at the consent that is refused', async () => {
    const device = await aDevice({ require_consent: true });
    const browser = openBrowser();
    const code = await begin(device);
    const page = await approve(code, { browser });
    const end = await browser.follow(await browser.submit(page, '/consent', { decision: 'deny' }));
    expect(seen(end)).toEqual(CANCELLED);
    expect(brief(await poll(code, device))).toEqual(refused('access_denied', 'User denied authorization'));
  });

  it('leaves nothing in the database that anybody could use', async () => {
    const device = await aDevice({ type: 'confidential' });
    const { client_secret } = device;
    const first = await begin(device, { client_secret });
    await approve(first);
    const id_token_hint = String((await poll(first, device)).body.id_token);
    const code = await begin(device, { client_secret, id_token_hint });
    const browser = openBrowser();
    const page = await confirm(browser, code);
    const { rows } = await server().database.knex.raw('SELECT to_jsonb(a)::text AS row FROM artifacts a');
    const dump: string = rows.map(({ row }: { row: string }) => row).join('\n');
    expect(dump).toContain(device.client_id);
    const userCode = code.user_code.replace('-', '');
    // The dump has nothing from which a short code could be guessed.
    const guessable = [Buffer.from(userCode), createHash('sha256').update(userCode).digest()];
    const shown = [code.device_code, code.user_code, userCode, client_secret, 'eyJ'];
    for (const secret of [...shown, ...guessable.map((bytes) => bytes.toString('hex'))])
      expect(dump).not.toContain(secret);
    // The dump has the interaction's name for the code, which is useless for polling.
    const { payload } = await server()
      .database.knex('artifacts')
      .where({ model: 'Interaction' })
      .orderBy('expires_at', 'desc')
      .first();
    await browser.submit(page, '/sign-in', { email: ADA.email, password: ADA.password });
    expect(brief(await poll({ device_code: payload.deviceCode }, device))).toEqual(
      refused('invalid_grant', 'Device code is not valid'),
    );
  });

  it('finds the codes of a key that is replaced for as long as the key is there', async () => {
    const { knex } = server().database;
    const [old, next] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    const expiresAt = new Date(Date.now() + 60_000);
    const created = { deviceCode: 'of the old key', userCode: 'BCDFGHJK', payload: {}, expiresAt };
    await createDeviceCodeStore(knex, [old]).create(created);
    const found = (keys: Buffer[]) => createDeviceCodeStore(knex, keys).findByUserCode('BCDFGHJK');
    expect({ withOldKey: await found([next, old]), without: await found([next]) }).toEqual({
      withOldKey: { handle: expect.any(String), payload: {}, consumed: false },
      without: undefined,
    });
  });

  it('has no codes in the log', async () => {
    const code = await begin();
    await approve(code);
    await poll(code);
    const log = JSON.stringify(server().logLines());
    expect(log).toContain('"path":"/auth/device/:uid"');
    for (const secret of [code.device_code, code.user_code]) expect(log).not.toContain(secret);
  });
});

describe('deciding about a device', () => {
  it('lets a person go back and begin again, and of two who finish one counts', async () => {
    const code = await begin();
    const [first, second] = [openBrowser(), openBrowser()];
    const [one, two] = [await confirm(first, code), await confirm(second, code)];
    const other = await aPerson(server());
    const finish = async (browser: Browser, page: Page, { email, password }: typeof ADA) =>
      seen(await browser.follow(await browser.submit(page, '/sign-in', { email, password })));
    expect(await finish(first, one, ADA)).toEqual(SIGNED_IN);
    expect(await finish(second, two, other)).toEqual(USED);
    expect((await userinfo(server().url, String((await poll(code)).body.access_token))).body.sub).toBe(
      ADA.id,
    );
  });

  it('gives one approval to one of many at once, and one grant', async () => {
    const code = await begin();
    const pages = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const browser = openBrowser();
        const page = await confirm(browser, code);
        return browser
          .submit(page, '/sign-in', { email: ADA.email, password: ADA.password })
          .then((next) => ({
            browser,
            next,
          }));
      }),
    );
    const ends = await Promise.all(
      pages.map(async ({ browser, next }) => headingOf(await browser.follow(next))),
    );
    expect(ends.sort()).toEqual([...Array(4).fill(CODE_PAGE.heading), 'You are signed in']);
    const grants = await server()
      .database.knex('artifacts')
      .where({ model: 'DeviceCode' })
      .whereNotNull('grant_id');
    expect(new Set(grants.map(({ grant_id }) => grant_id)).size).toBe(grants.length);
    expect((await poll(code)).status).toBe(200);
  });

  it('approves nothing for whoever was disabled, signed out, given another password, or took a consent back at that very moment', async () => {
    const { deviceCodes } = server().services;
    const { user_code } = await begin();
    const { handle = '' } = (await deviceCodes.findByUserCode(user_code.replace('-', ''))) ?? {};
    const gone = await aPerson(server(), { disabled_at: new Date() });
    const approveFor = (
      personId: string,
      session: { sessionIsNew: boolean; passwordFingerprint?: string; consented?: boolean },
    ) =>
      deviceCodes.approve(
        handle,
        { accountId: personId },
        {
          id: handle,
          personId,
          clientId: television().client_id,
          sessionUid: 'ended',
          payload: {},
          expiresAt: new Date(Date.now() + 60_000),
          consented: false,
          ...session,
        },
      );
    const alive = { sessionIsNew: true };
    expect(await approveFor(gone.id, alive)).toBe(false);
    expect(await approveFor(ADA.id, { sessionIsNew: false })).toBe(false);
    expect(await approveFor(ADA.id, { ...alive, passwordFingerprint: 'of another' })).toBe(false);
    expect(await approveFor(ADA.id, { ...alive, consented: true })).toBe(false);
    expect(await server().database.knex('grants').where({ id: handle })).toEqual([]);
    // The code is unchanged, and the first decision stays.
    expect(await approveFor(ADA.id, alive)).toBe(true);
    expect(await approveFor(ADA.id, alive)).toBe(false);
    expect(await deviceCodes.deny(handle, { error: 'access_denied' })).toBe(false);
  });

  it('signs nobody out who signed in while another tab was opening the page', async () => {
    const [code, another] = [await begin(), await begin()];
    const browser = openBrowser();
    const page = await confirm(browser, code);
    const loaded = Promise.withResolvers<void>();
    const signedIn = Promise.withResolvers<void>();
    const { sessions } = server().services;
    const { update } = sessions;
    // The other tab has read its session, and saves it after this one has signed in.
    sessions.update = async (...given) => {
      sessions.update = update;
      loaded.resolve();
      await signedIn.promise;
      return update(...given);
    };
    const opening = browser.get(another.verification_uri_complete);
    await loaded.promise;
    const { email, password } = ADA;
    const done = await browser.follow(await browser.submit(page, '/sign-in', { email, password }));
    expect(seen(done)).toEqual(SIGNED_IN);
    signedIn.resolve();
    await opening;

    const { access_token, id_token } = (await poll(code)).body as unknown as Tokens;
    expect((await userinfo(server().url, access_token)).status).toBe(200);
    // So signing out still ends their tokens.
    await browser.get(`${server().url}/auth/logout?id_token_hint=${id_token}`);
    expect((await userinfo(server().url, access_token)).status).toBe(401);
  });

  it('says that a sign-in is over which was finished in another tab', async () => {
    const browser = openBrowser();
    const code = await begin();
    const page = await confirm(browser, code);
    const { email, password } = ADA;
    const back = await browser.submit(page, '/sign-in', { email, password });
    const resumed = await Promise.all([1, 2, 3].map(() => browser.get(back.location ?? '')));
    expect(resumed.map(seen).toSorted((a, b) => a.status - b.status)).toEqual([
      SIGNED_IN,
      INTERRUPTED,
      INTERRUPTED,
    ]);
    expect((await poll(code)).status).toBe(200);
  });
});
