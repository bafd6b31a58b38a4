import { statusAndMessage } from '../../support/browsers/browser.ts';
import type { TestClient } from '../../support/registrations/factories.ts';
import type { TestServer } from '../../support/servers/test-server.ts';
import { withStillTime } from '../../support/time/still-time.ts';
import type { UpstreamIdp } from '../../support/upstream/upstream-idp.ts';
import {
  answerOf,
  CODE,
  somebody,
  startUpstreamWorld,
  UNUSABLE,
  type UpstreamWorld,
} from '../../support/upstream/upstream-world.ts';

let world: UpstreamWorld;
let server: TestServer;
let idp: UpstreamIdp;
let open: TestClient;
beforeAll(async () => {
  world = await startUpstreamWorld();
  ({ server, idp } = world);
  open = await world.aTenant('open', { first_sign_in: 'create' });
});
afterAll(() => world.close());
beforeEach(() => {
  idp.alterIdToken = undefined;
  idp.alterTokens = undefined;
  idp.alterUserinfo = undefined;
  idp.userinfo = 'up';
});

describe('a userinfo that answers nothing', () => {
  const answers: [UpstreamIdp['userinfo'], object][] = [
    ['refusing', { status: 401, error: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE' }],
    ...[401, 403, 404, 429, 500, 503].map((status): [number, object] => [
      status,
      { status, error: 'OAUTH_RESPONSE_IS_NOT_CONFORM' },
    ]),
    ['a page', { status: 200, error: 'OAUTH_RESPONSE_IS_NOT_JSON' }],
    ['cut off', { error: expect.stringMatching(/^localhost:\d+ could not be asked\.$/) }],
  ];
  it.each(answers)('(%s) ends no sign-in, and a warning says so', async (userinfo, why) => {
    idp.userinfo = userinfo;
    idp.alterIdToken = (claims) => ({ ...claims, name: 'In the token' });
    const before = server.logLines().length;
    const page = await world.signIn(open, somebody({ email: 'only@userinfo.example' }));
    expect(answerOf(page)).toEqual(CODE);
    const warnings = server
      .logLines()
      .slice(before)
      .filter(({ instance, error }) => instance && error);
    expect(warnings).toEqual([
      expect.objectContaining({
        level: 'warn',
        instance: 'open',
        ...why,
        msg: "the userinfo of the customer's provider failed, so the sign-in went on with the ID token alone",
      }),
    ]);
    const { name, email } = await world.claimsAfter(page, open);
    expect({ name, email }).toEqual({ name: 'In the token', email: undefined });
  });

  it('takes nothing from a person that was known before', async () => {
    const person = somebody({ name: 'Mary Jackson', email: 'mary@nasa.example', email_verified: true });
    const before = await world.claimsAfter(await world.signIn(open, person), open);
    idp.userinfo = 500;
    expect(await world.claimsAfter(await world.signIn(open, person), open)).toEqual(before);
    idp.alterIdToken = (claims) => ({ ...claims, email: 'new@nasa.example' });
    expect(await world.claimsAfter(await world.signIn(open, person), open)).toEqual({
      ...before,
      updated_at: expect.any(Number),
      email: 'new@nasa.example',
      preferred_username: 'new@nasa.example',
      email_verified: false,
    });
  });
});

describe('a provider’s clock', () => {
  it.each(['nbf', 'iat', 'auth_time'])('may be 60 seconds ahead in %s', async (claim) => {
    await withStillTime(async ({ now }) => {
      for (const ahead of [45, 60]) {
        idp.alterIdToken = (claims) => ({ ...claims, [claim]: now() + ahead });
        const parameters = { max_age: '600' };
        expect(answerOf(await world.signIn(open, somebody(), { parameters }))).toEqual(CODE);
      }
    });
  });

  it('may be 59 seconds behind, and no further either way', async () => {
    await withStillTime(async ({ now }) => {
      idp.alterIdToken = (claims) => ({ ...claims, exp: now() - 59 });
      expect(answerOf(await world.signIn(open, somebody()))).toEqual(CODE);
      for (const wrong of [{ exp: now() - 60 }, { nbf: now() + 61 }]) {
        idp.alterIdToken = (claims) => ({ ...claims, ...wrong });
        expect(statusAndMessage(await world.signIn(open, somebody()))).toEqual(UNUSABLE);
      }
    });
  });
});

describe('a member that is null', () => {
  it.each(['azp', 'nbf', 'auth_time', 'at_hash', 'acr', 'amr', 'name', 'email', 'email_verified', 'address'])(
    'is absent from an ID token: %s',
    async (claim) => {
      idp.alterIdToken = (claims) => ({ ...claims, [claim]: null });
      expect(answerOf(await world.signIn(open, somebody()))).toEqual(CODE);
    },
  );

  it.each(['scope', 'refresh_token', 'expires_in', 'unknown'])(
    'is absent from an answer with tokens: %s',
    async (member) => {
      idp.alterTokens = (answer) => ({ ...answer, [member]: null });
      expect(answerOf(await world.signIn(open, somebody()))).toEqual(CODE);
    },
  );

  it('does not hide what userinfo says, and hides nothing as userinfo’s', async () => {
    idp.alterIdToken = (claims) => ({ ...claims, name: null, email: 'in@the.token' });
    idp.alterUserinfo = (claims) => ({ ...claims, name: 'At userinfo', email: null, given_name: null });
    const { name, email } = await world.claimsAfter(await world.signIn(open, somebody()), open);
    expect({ name, email }).toEqual({ name: 'At userinfo', email: 'in@the.token' });
  });

  it('does not make one out of two audiences', async () => {
    idp.alterIdToken = (claims) => ({ ...claims, aud: ['listo', 'another'], azp: null });
    expect(statusAndMessage(await world.signIn(open, somebody()))).toEqual(UNUSABLE);
  });
});
