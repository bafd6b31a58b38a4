import { decodeJwt } from 'jose';
import { openBrowser } from '../../support/browsers/browser.ts';
import { exchange } from '../../support/clients/relying-party.ts';
import { aPerson } from '../../support/registrations/factories.ts';
import { enterCode, withApp } from '../../support/second-factors/authenticator.ts';
import {
  answerOf,
  CLIENT,
  somebody,
  startUpstreamWorld,
  type UpstreamWorld,
} from '../../support/upstream/upstream-world.ts';
import { aDeviceWorld, headingOf, PENDING } from '../device-flow/world.ts';

const ASKS = 'Enter the code from your app';

describe("a sign-in at the customer's own provider", () => {
  let world: UpstreamWorld;
  beforeAll(async () => {
    world = await startUpstreamWorld();
  });
  afterAll(() => world.close());

  const methodsIn = async (location: Parameters<typeof answerOf>[0], client: object) => {
    const { body } = await exchange(world.server.url, answerOf(location).code ?? '', { ...client });
    const { amr, acr } = decodeJwt(String(body.id_token));
    return { amr, acr };
  };

  it('is followed by the second factor of a person who has one here', async () => {
    const client = await world.aTenant('asked', { first_sign_in: 'create' });
    const person = somebody();
    await world.signIn(client, person);
    const { id } = await world.server.database.knex('people').where({ instance_id: 'asked' }).first('id');
    const { app } = await withApp(world.server, id);

    const browser = openBrowser();
    const page = await world.signIn(client, person, { browser });
    expect(headingOf(page)).toBe(ASKS);
    const end = await enterCode(browser, page, { code: app.code(), stopAt: CLIENT });
    expect(await methodsIn(end, client)).toEqual({ amr: ['otp', 'mfa'], acr: 'urn:listo:acr:two-factors' });
  });

  it('sets one up where that is required, unless the provider says mfa and is believed', async () => {
    world.idp.alterIdToken = (claims) => ({ ...claims, amr: ['pwd', 'mfa'] });
    for (const [id, pass_amr, expected] of [
      ['doubted', false, 'Set up a second step'],
      ['believed', true, undefined],
    ] as const) {
      const client = await world.aTenant(id, { first_sign_in: 'create', pass_amr });
      await world.server.database.knex('instances').where({ id }).update({ second_factor: 'required' });
      const page = await world.signIn(client, somebody());
      expect(headingOf(page)).toBe(expected);
      expect(page.location === undefined).toBe(!pass_amr);
    }
  });
});

describe('a sign-in for a device', () => {
  const world = aDeviceWorld();
  beforeAll(() => world.start());
  afterAll(() => world.close());

  it('needs the second factor, and the device hears nothing before', async () => {
    const person = await aPerson(world.server());
    const { app } = await withApp(world.server(), person.id);
    const code = await world.begin();
    const browser = openBrowser();
    const page = await world.approve(code, { person, browser });
    expect(headingOf(page)).toBe(ASKS);
    expect(await world.poll(code)).toMatchObject(PENDING);
    const done = await enterCode(browser, page, { code: app.code() });
    expect(headingOf(done)).toBe('You are signed in');
    await world
      .server()
      .database.knex('artifacts')
      .where({ model: 'DeviceCode' })
      .update({ polled_at: null });
    const { body } = await world.poll(code);
    expect(decodeJwt(String(body.id_token))).toMatchObject({ sub: person.id, amr: ['pwd', 'otp', 'mfa'] });
  });
});
