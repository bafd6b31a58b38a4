import fc from 'fast-check';
import { decodeJwt } from 'jose';
import { openBrowser } from '../../support/browsers/browser.ts';
import { authorizationUrl, DEMO_WEB } from '../../support/clients/relying-party.ts';
import type { Property } from '../property.ts';
import { type Fault, fault, privateKey, signedJwt } from '../requests/jwts.ts';
import { illTyped } from '../requests/values.ts';
import type { Watch } from '../watch.ts';
import { UPSTREAM_CLIENT, type World } from '../world.ts';

/** The wrong answers of a customer's own provider in one sign-in. */
interface WrongAnswers {
  faults: Fault[];
  /** Members of the token answer and of userinfo that are ill-typed. */
  tokens: [name: string, json: string][];
  userinfo: [name: string, json: string][];
  parameters: [name: string, value: string][];
}

const wrongAnswers: fc.Arbitrary<WrongAnswers> = fc.record({
  faults: fc.array(fault, { maxLength: 2 }),
  tokens: members('access_token token_type expires_in refresh_token scope id_token'),
  userinfo: members('sub email email_verified name given_name family_name __proto__'),
  parameters: fc.oneof(
    fc.constant<[string, string][]>([]),
    fc.array(
      fc.tuple(
        fc.constantFrom('max_age', 'prompt', 'login_hint', 'nonce'),
        fc.constantFrom('0', '1', 'login', '100', 'x'),
      ),
      { maxLength: 2 },
    ),
  ),
});

function members(names: string): fc.Arbitrary<[string, string][]> {
  const member = fc.tuple(fc.constantFrom(...names.split(' ')), illTyped);
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant<[string, string][]>([]) },
    { weight: 1, arbitrary: fc.array(member, { maxLength: 2 }) },
  );
}

/** Whatever a customer's own provider answers, the person gets a page or goes back to the application. */
export function providersAreBelievedNothing(world: World, watch: Watch): Property {
  const { server, idp } = world;
  const key = privateKey(idp.privateJwk);
  return {
    name: 'answers of a customer’s own provider',
    property: fc.asyncProperty(wrongAnswers, async ({ faults, tokens, userinfo, parameters }) => {
      idp.person = {
        sub: 'somebody',
        claims: { name: 'Some Body', email: 'a@b.example', email_verified: true },
      };
      idp.alterTokens = (answer) => {
        const claims = decodeJwt(String((answer as { id_token?: string }).id_token));
        const id_token = signedJwt(
          { header: { alg: 'RS256', kid: idp.privateJwk.kid }, claims, key, alg: 'RS256' },
          faults,
        );
        return altered({ ...answer, id_token }, tokens);
      };
      idp.alterUserinfo = (claims) => altered(claims, userinfo);
      const browser = openBrowser();
      const client = { client_id: UPSTREAM_CLIENT, redirect_uri: DEMO_WEB.redirect_uri, state: 's' };
      try {
        await watch.during(
          () => [],
          async () => {
            const begun = await browser.get(
              authorizationUrl(server.url, { ...client, ...Object.fromEntries(parameters) }),
            );
            const page = await browser.follow(begun, DEMO_WEB.redirect_uri);
            const { status, headers, html: body } = page;
            watch.check({ endpoint: 'GET (upstream sign-in)', status, headers, body }, { mayBeAway: true });
          },
        );
      } finally {
        Object.assign(idp, { alterTokens: undefined, alterUserinfo: undefined });
      }
    }),
  };
}

function altered(answer: object, changes: readonly (readonly [string, string])[]): unknown {
  const members = Object.entries(answer).map(([name, content]) => [name, JSON.stringify(content)] as const);
  const kept = members.filter(([name]) => !changes.some(([other]) => other === name));
  const text = `{${[...kept, ...changes].map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`;
  return JSON.parse(text);
}
