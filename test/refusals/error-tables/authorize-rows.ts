import { openBrowser } from '../../support/browsers/browser.ts';
import { aClientKey, requestObject } from '../../support/clients/proofs.ts';
import { authorizationUrl, pkce, postForm } from '../../support/clients/relying-party.ts';
import { aClient } from '../../support/registrations/factories.ts';
import { authorize, change, type ErrorRow, type Fields, secretOf, type World } from './world.ts';

type Sent = Record<string, string | undefined>;
type Columns = Parameters<typeof aClient>[1];

/** A client whose request with `wrong` parameters is refused at its own address, and what asks again. */
async function asked(world: World, wrong: Sent, columns: Columns = {}) {
  const client = await aClient(world.server, columns);
  const { refused } = await authorize(world, client, wrong);
  const works = async (parameters: Sent = {}) =>
    (await authorize(world, client, parameters)).code !== undefined;
  return { client, refused, works };
}

/** A row of a parameter that is wrong. Without it, or with `right` ones, the request works. */
function parameterRow(
  { of, name, reason }: Pick<ErrorRow, 'of' | 'name' | 'reason'>,
  wrong: Sent,
  right: Sent = {},
  columns: Columns = {},
): ErrorRow {
  return {
    of,
    name,
    reason,
    readBy: 'client',
    async play(world) {
      const { client, refused, works } = await asked(world, wrong, columns);
      return { refused, client, mend: () => works(right) };
    },
  };
}

const { code_verifier: _verifier, ...challenge } = pkce();

/** The errors of the authorization endpoint. */
export const AUTHORIZE_ROWS: readonly ErrorRow[] = [
  parameterRow(
    {
      of: ['invalid_request 400', 'guide authorization invalid_request'],
      name: 'a max_age that is no number',
      reason: 'max_age.malformed',
    },
    { max_age: 'soon' },
    { max_age: '3600' },
  ),
  parameterRow(
    {
      of: ['guide authorization invalid_request'],
      name: 'PKCE that is missing',
      reason: 'code_challenge.required',
    },
    {},
    challenge,
    { require_pkce: true },
  ),
  {
    of: ['guide authorization invalid_request'],
    name: 'a redirect_uri that is not registered: a letter is missing',
    reason: 'redirect_uri.not_registered',
    readBy: 'client',
    async play(world) {
      const { client, refused, works } = await asked(world, {
        redirect_uri: 'http://127.0.0.1:9999/calback',
      });
      return {
        refused: { ...refused, error: 'invalid_redirect_uri' },
        client,
        mend({ nearest, expected }) {
          expect(JSON.stringify(nearest)).toContain(client.redirect_uri);
          return works({ redirect_uri: String([expected.redirect_uri].flat()[0]) });
        },
      };
    },
  },
  {
    of: ['unauthorized_client 400 (LiSTNR: 403)', 'guide authorization unauthorized_client'],
    name: 'a client without the grant of codes',
    reason: 'response_type.not_allowed',
    readBy: 'client',
    async play(world) {
      const { client, refused, works } = await asked(world, {}, { grant_types: ['refresh_token'] });
      return {
        refused,
        client,
        async mend({ expected }) {
          const grant_types = ['refresh_token', ...[expected.grant_types ?? []].flat()];
          const added = new Set([...grant_types, 'authorization_code']);
          await change(world, client, { grant_types: [...added] });
          return works();
        },
      };
    },
  },
  {
    of: ['access_denied', 'guide authorization access_denied'],
    name: 'a person who refuses',
    reason: 'person.refused_consent',
    readBy: 'client',
    async play(world) {
      const client = await aClient(world.server, { require_consent: true });
      const { client_id, redirect_uri } = client;
      const { browser, server } = world;
      const url = authorizationUrl(server.url, { client_id, redirect_uri, scope: 'openid' });
      const question = await browser.follow(await browser.get(url));
      const page = await browser.follow(
        await browser.submit(question, '/consent', { decision: 'deny' }),
        redirect_uri,
      );
      return {
        refused: {
          requestId: String(page.headers.get('x-request-id')),
          error: new URL(String(page.location)).searchParams.get('error'),
        },
        client,
        mend: async () => (await authorize(world, client)).code !== undefined,
      };
    },
  },
  parameterRow(
    {
      of: [
        'unsupported_response_type, unsupported_response_mode, request_uri_not_supported',
        'guide authorization unsupported_response_type',
      ],
      name: 'a response_type of the implicit flow',
      reason: 'response_type.not_supported',
    },
    { response_type: 'token' },
    { response_type: 'code' },
  ),
  parameterRow(
    {
      of: ['unsupported_response_type, unsupported_response_mode, request_uri_not_supported'],
      name: 'a response_mode that is none',
      reason: 'response_mode.not_supported',
    },
    { response_mode: 'web_message' },
    { response_mode: 'query' },
  ),
  parameterRow(
    {
      of: ['unsupported_response_type, unsupported_response_mode, request_uri_not_supported'],
      name: 'a request_uri of the client’s own',
      reason: 'request_uri.not_supported',
    },
    { request_uri: 'https://rp.example/request' },
  ),
  parameterRow(
    {
      of: ['invalid_scope 400', 'guide authorization invalid_scope', 'guide callback Invalid scopes'],
      name: 'a scope that the client does not have',
      reason: 'scope.not_allowed',
    },
    { scope: 'openid everything' },
    { scope: 'openid email' },
  ),
  {
    of: ['login_required, consent_required, interaction_required'],
    name: 'prompt=none where nobody is signed in',
    reason: 'session.none',
    readBy: 'client',
    async play(world) {
      const { client, refused, works } = await asked(
        { ...world, browser: openBrowser() },
        { prompt: 'none' },
      );
      return { refused, client, mend: () => works() };
    },
  },
  {
    of: ['login_required, consent_required, interaction_required'],
    name: 'prompt=none where the person would have to consent',
    reason: 'session.consent_needed',
    readBy: 'client',
    async play(world) {
      const { client, refused, works } = await asked(world, { prompt: 'none' }, { require_consent: true });
      return { refused, client, mend: () => works() };
    },
  },
  {
    of: ['unmet_authentication_requirements'],
    name: 'an essential acr that nobody can reach',
    reason: 'acr.not_reached',
    readBy: 'client',
    async play(world) {
      const claims = JSON.stringify({ id_token: { acr: { essential: true, value: 'phr' } } });
      const { client, refused, works } = await asked(world, { claims });
      return { refused, client, mend: () => works() };
    },
  },
  {
    of: ['invalid_request_object (/auth/par: 400)'],
    name: 'a signed request for another server',
    reason: 'request_object.audience_wrong',
    readBy: 'client',
    async play(world) {
      const key = await aClientKey();
      const client = await aClient(world.server, { jwks: { keys: [key.publicJwk] } });
      const { client_id: clientId, redirect_uri } = client;
      const parameters = { response_type: 'code', redirect_uri, scope: 'openid', ...challenge };
      const request = (audience: string) => requestObject(key, { clientId, audience }, parameters);
      const send = async (audience: string) => authorize(world, client, { request: await request(audience) });
      return {
        refused: (await send('https://elsewhere.example')).refused,
        client: { ...client, key },
        mend: async () => (await send(world.server.url)).code !== undefined,
      };
    },
  },
  {
    of: ['invalid_request_uri'],
    name: 'a pushed request that was used before',
    reason: 'request_uri.not_valid',
    readBy: 'operator',
    async play(world) {
      const client = await aClient(world.server);
      const push = async (): Promise<string> => {
        const fields: Fields = {
          response_type: 'code',
          scope: 'openid',
          redirect_uri: client.redirect_uri,
          ...secretOf(client),
        };
        return String((await postForm(`${world.server.url}/auth/par`, fields)).body.request_uri);
      };
      const use = async (request_uri: string) => {
        const address = new URLSearchParams({ client_id: client.client_id, request_uri });
        return world.browser.get(`${world.server.url}/auth/authorize?${address}`);
      };
      const request_uri = await push();
      await use(request_uri);
      const page = await use(request_uri);
      return {
        refused: { requestId: String(page.headers.get('x-request-id')), error: 'invalid_request_uri' },
        client,
        async mend() {
          const { location = '' } = await use(await push());
          return new URL(location).searchParams.has('code');
        },
      };
    },
  },
];
