import { openBrowser, type Page } from '../../support/browsers/browser.ts';
import { ADA, postForm } from '../../support/clients/relying-party.ts';
import { aClient, type TestClient } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { DEVICE_CODE, type DeviceAnswer, INTERRUPTED, QUESTION, SIGNED_IN, seen } from './world.ts';

/** Anybody can open the page of a device's code, and nobody has to sign in there. */
describe('browsers that open the page of a code and in which nobody signs in', () => {
  let server: TestServer;
  let television: TestClient;
  beforeAll(async () => {
    server = await startTestServer({ env: { TRUSTED_PROXIES: '127.0.0.1,::1' } });
    const grant_types = [DEVICE_CODE, 'refresh_token'];
    television = await aClient(server, {
      name: 'Television',
      type: 'public',
      redirect_uris: [],
      grant_types,
    });
  });
  beforeEach(() => server.database.knex('sessions').delete());
  afterAll(() => server.close());

  const from = (address: string) => openBrowser({ headers: { 'x-forwarded-for': address } });
  const sessions = () => server.database.knex('sessions');
  const codePage = async (): Promise<string> => {
    const { client_id } = television;
    const { body } = await postForm(`${server.url}/auth/device_authorization`, {
      client_id,
      scope: 'openid',
    });
    return (body as unknown as DeviceAnswer).verification_uri_complete;
  };

  /** Adds copies of the only session, each a millisecond younger than the one before. */
  const addCopies = (copies: number) =>
    server.database.knex.raw(
      `INSERT INTO sessions (uid, id_hash, payload, expires_at, address_mac, created_at)
       SELECT 'copy ' || n, sha256(convert_to('copy ' || n, 'UTF8')), payload, expires_at, address_mac,
         created_at + n * interval '1 ms'
       FROM sessions, generate_series(1, ?) AS n`,
      [copies],
    );

  it('leave a thousand sessions for one address at most: the oldest is dropped, and its form begins again', async () => {
    const address = await codePage();
    const [first, second, elsewhere] = [from('192.0.2.1'), from('192.0.2.1'), from('192.0.2.2')];
    const oldest = await first.get(address);
    await addCopies(998);
    const another = await elsewhere.get(address);
    await second.get(address);
    expect((await sessions()).length).toBe(1001);
    await from('192.0.2.1').get(address);
    expect((await sessions()).length).toBe(1001);

    const goOn = async (browser: typeof first, page: Page) =>
      seen(await browser.submit(page, '/auth/device', { confirm: 'yes' }));
    expect(await goOn(first, oldest)).toEqual(INTERRUPTED);
    expect(seen(await first.get(address))).toEqual(QUESTION);
    expect((await goOn(elsewhere, another)).status).toBe(303);
  });

  it('do not end the sessions of those who signed in', async () => {
    const browser = from('192.0.2.1');
    const question = await browser.get(await codePage());
    await addCopies(999);
    const page = await browser.follow(await browser.submit(question, '/auth/device', { confirm: 'yes' }));
    const done = await browser.follow(
      await browser.submit(page, '/sign-in', { email: ADA.email, password: ADA.password }),
    );
    expect(seen(done)).toEqual(SIGNED_IN);
    expect(await sessions().whereNotNull('person_id').pluck('address_mac')).toEqual([null]);
    await from('192.0.2.1').get(await codePage());
    expect(await sessions().whereNotNull('person_id').pluck('person_id')).toEqual([ADA.id]);
  });
});
