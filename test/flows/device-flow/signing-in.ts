import { createHash } from 'node:crypto';
import { createDeviceCodeStore } from '../../../src/grants/device-code-store.ts';
import { openBrowser } from '../../support/browser.ts';
import { anInstance, aPerson } from '../../support/factories.ts';
import { ADA, authorizationUrl, type Tokens, userinfo } from '../../support/relying-party.ts';
import { CANCELLED, confirm, type DeviceWorld, headingOf, seen, told } from './world.ts';

/** What a device gets of a person, and what is kept of it. */
export function signingIn(world: DeviceWorld): void {
  const { server, ada, aDevice, begin, poll, approve } = world;

  describe('signing in on a device', () => {
    it('happens in the instance of its client, whoever is signed in to another', async () => {
      const instance_id = await anInstance(server(), { name: 'Globex' });
      const person = await aPerson(server(), { instance_id });
      const device = await aDevice({ instance_id, name: 'Printer' });
      const browser = ada();
      const code = await begin(device);

      const asked = await browser.get(code.verification_uri_complete);
      expect(asked.html).toContain('with your <strong>Globex</strong> account');
      const page = await browser.follow(await browser.submit(asked, '/auth/device', { confirm: 'yes' }));
      expect(headingOf(page)).toBe('Sign in to Globex');
      const { email, password } = person;
      const done = await browser.follow(await browser.submit(page, '/sign-in', { email, password }));
      expect(headingOf(done)).toBe('You are signed in');
      const { access_token } = (await poll(code, device)).body as unknown as Tokens;
      expect((await userinfo(server().url, access_token)).body.sub).toBe(person.id);

      const still = await browser.get(authorizationUrl(server().url, { prompt: 'none', scope: 'openid' }));
      expect(new URL(still.location ?? '').searchParams.has('code')).toBe(true);
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
      expect(await told(poll(code, device))).toEqual([400, 'access_denied', 'User denied authorization']);
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
      // Nor what a short code could be guessed from.
      const guessable = [Buffer.from(userCode), createHash('sha256').update(userCode).digest()];
      const shown = [code.device_code, code.user_code, userCode, client_secret, 'eyJ'];
      for (const secret of [...shown, ...guessable.map((bytes) => bytes.toString('hex'))])
        expect(dump).not.toContain(secret);
      // What the interaction knows the code by is in the dump, and no use to whoever polls with it.
      const { payload } = await server()
        .database.knex('artifacts')
        .where({ model: 'Interaction' })
        .orderBy('expires_at', 'desc')
        .first();
      await browser.submit(page, '/sign-in', { email: ADA.email, password: ADA.password });
      expect(await told(poll({ device_code: payload.deviceCode }, device))).toEqual([
        400,
        'invalid_grant',
        'Device code is not valid',
      ]);
    });

    it('finds the codes of a key that is replaced for as long as the key is there', async () => {
      const { knex } = server().database;
      const [old, next] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
      const expiresAt = new Date(Date.now() + 60_000);
      const created = { deviceCode: 'of the old key', userCode: 'BCDFGHJK', payload: {}, expiresAt };
      await createDeviceCodeStore(knex, [old]).create(created);
      const found = (keys: Buffer[]) => createDeviceCodeStore(knex, keys).findByUserCode('BCDFGHJK');
      expect([await found([next, old]), await found([next])]).toEqual([
        { handle: expect.any(String), payload: {}, consumed: false },
        undefined,
      ]);
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
}
