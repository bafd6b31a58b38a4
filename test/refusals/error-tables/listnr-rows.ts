import {
  askToken,
  basic,
  bearerClientSql,
  DEMO_SERVICE,
  mintIdToken,
  secretClientSql,
} from '../../support/clients/token-provider.ts';
import { unique } from '../../support/servers/test-server.ts';
import { type Credentials, type ErrorRow, isRight, refusedBy, type World } from './world.ts';

/** A client with a secret, registered with these columns, and the way to ask as it. */
async function aService({ server }: World, columns: Record<string, string> = {}) {
  const client: Credentials = {
    service: 'listnr',
    client_id: unique('service'),
    client_secret: DEMO_SERVICE.secret,
  };
  const { client_id: id, client_secret: secret } = client;
  await server.seed(secretClientSql(id, { environments: "'{dev}'", scopes: "'{read:profile}'", ...columns }));
  const ask = (
    body: Record<string, unknown> = {},
    { authorization = basic(id, secret), ...headers }: Record<string, string> = {},
  ) => askToken(server, authorization, { client_id: id, subject: 'somebody', ...body }, headers);
  const change = (assignment: string) =>
    server.seed(`UPDATE listnr_clients SET ${assignment} WHERE id = '${id}';`);
  return { id, client, ask, change };
}

/** A client that asks with ID tokens, which can prove nothing. */
async function anApplication({ server }: World, issuers?: readonly string[]) {
  const id = unique('application');
  await server.seed(bearerClientSql(id, {}, issuers));
  const ask = async (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
    askToken(server, `Bearer ${await mintIdToken(server, claims, { header })}`, { client_id: id });
  const client: Credentials = { service: 'listnr', client_id: id, client_secret: '' };
  return { id, client, ask };
}

/** The errors of LiSTNR. */
export const LISTNR_ROWS: readonly ErrorRow[] = [
  {
    of: ['invalid_request 400', 'listnr 400 invalid_request'],
    name: 'a subject that is missing',
    reason: 'listnr.subject_missing',
    readBy: 'client',
    async play(world) {
      const { client, ask } = await aService(world);
      return {
        refused: refusedBy(await ask({ subject: null })),
        client,
        mend: async () => isRight(await ask()),
      };
    },
  },
  {
    of: ['listnr 400 invalid_request'],
    name: 'a client_id that is not the authenticated one',
    reason: 'listnr.client_id_differs',
    readBy: 'client',
    async play(world) {
      const { client, ask } = await aService(world);
      return {
        refused: refusedBy(await ask({ client_id: 'demo-service' })),
        client,
        mend: async ({ expected }) => isRight(await ask({ client_id: expected.client_id })),
      };
    },
  },
  {
    of: ['listnr 400 invalid_request'],
    name: 'a scope that is a list',
    reason: 'listnr.member_not_text',
    readBy: 'client',
    async play(world) {
      const { client, ask } = await aService(world);
      return {
        refused: refusedBy(await ask({ scope: ['read:profile'] })),
        client,
        mend: async () => isRight(await ask({ scope: 'read:profile' })),
      };
    },
  },
  {
    of: ['invalid_scope 400', 'listnr 400 invalid_scope'],
    name: 'a scope that the client does not have',
    reason: 'listnr.scope_not_allowed',
    readBy: 'client',
    async play(world) {
      const { client, ask } = await aService(world);
      return {
        refused: refusedBy(await ask({ scope: 'read:profil' })),
        client,
        mend: async ({ expected }) => isRight(await ask({ scope: [expected.scope ?? []].flat().join(' ') })),
      };
    },
  },
  {
    of: ['invalid_client 401', 'listnr 401 invalid_client'],
    name: 'a secret that is wrong',
    reason: 'listnr.secret_wrong',
    readBy: 'client',
    async play(world) {
      const { id, client, ask } = await aService(world);
      return {
        refused: refusedBy(await ask({}, { authorization: basic(id, 'wrong') })),
        client,
        mend: async () => isRight(await ask()),
      };
    },
  },
  {
    of: ['listnr 401 invalid_client'],
    name: 'a secret with a space behind it',
    reason: 'listnr.secret_in_spaces',
    readBy: 'client',
    async play(world) {
      const { id, client, ask } = await aService(world);
      const send = (secret: string) => ask({}, { authorization: basic(id, secret) });
      return {
        refused: refusedBy(await send(`${DEMO_SERVICE.secret} `)),
        client,
        mend: async () => isRight(await send(`${DEMO_SERVICE.secret} `.trim())),
      };
    },
  },
  {
    of: ['listnr 401 invalid_client'],
    name: 'a secret that has expired',
    reason: 'listnr.secret_expired',
    readBy: 'client',
    async play(world) {
      const { id, client, ask } = await aService(world);
      const expire = (at: string) =>
        world.server.seed(`UPDATE listnr_client_secrets SET expires_at = ${at} WHERE client_id = '${id}';`);
      await expire("now() - interval '1 second'");
      const refused = refusedBy(await ask());
      // The same secret stands for the new one that the remedy asks for.
      await expire('NULL');
      return { refused, client, mend: async () => isRight(await ask()) };
    },
  },
  {
    of: ['listnr 401 invalid_client'],
    name: 'a client_id that nobody has',
    reason: 'listnr.client_unknown',
    readBy: 'operator',
    async play(world) {
      const { client, ask } = await aService(world);
      const authorization = basic('servcie', DEMO_SERVICE.secret);
      return {
        refused: refusedBy(await ask({ client_id: 'servcie' }, { authorization })),
        client,
        mend: async () => isRight(await ask()),
      };
    },
  },
  {
    of: ['listnr 401 invalid_client'],
    name: 'an Authorization header that is malformed',
    reason: 'listnr.authorization_malformed',
    readBy: 'client',
    async play(world) {
      const { client, ask } = await aService(world);
      return {
        refused: refusedBy(await ask({}, { authorization: DEMO_SERVICE.secret })),
        client,
        mend: async () => isRight(await ask()),
      };
    },
  },
  {
    of: ['invalid_token 401', 'listnr 401 invalid_token'],
    name: 'an ID token that has expired',
    reason: 'id_token.expired',
    readBy: 'operator',
    async play(world) {
      const { client, ask } = await anApplication(world);
      return {
        refused: refusedBy(await ask({ exp: 1 })),
        client,
        mend: async () => isRight(await ask()),
      };
    },
  },
  {
    of: ['listnr 401 invalid_token'],
    name: 'an ID token of another application',
    reason: 'id_token.other_audience',
    readBy: 'operator',
    async play(world) {
      const { client, ask } = await anApplication(world);
      return {
        refused: refusedBy(await ask({ aud: 'client_demo_wed' })),
        client,
        mend: async ({ expected }) => isRight(await ask({ aud: [expected.aud ?? []].flat()[0] })),
      };
    },
  },
  {
    of: ['listnr 401 invalid_token'],
    name: 'an ID token of another issuer',
    reason: 'id_token.issuer_not_accepted',
    readBy: 'operator',
    async play(world) {
      const { client, ask } = await anApplication(world);
      return {
        refused: refusedBy(await ask({ iss: `${world.server.url}/` })),
        client,
        mend: async ({ expected }) => isRight(await ask({ iss: [expected.iss ?? []].flat()[0] })),
      };
    },
  },
  {
    of: ['unauthorized_client 400 (LiSTNR: 403)', 'listnr 403 unauthorized_client'],
    name: 'a client that is disabled',
    reason: 'listnr.client_disabled',
    readBy: 'client',
    async play(world) {
      const { client, ask, change } = await aService(world, { disabled_at: 'now()' });
      return {
        refused: refusedBy(await ask()),
        client,
        async mend() {
          await change('disabled_at = NULL');
          return isRight(await ask());
        },
      };
    },
  },
  {
    of: ['listnr 403 unauthorized_client'],
    name: 'a client that is not enabled for this environment',
    reason: 'listnr.environment_not_enabled',
    readBy: 'client',
    async play(world) {
      const { client, ask, change } = await aService(world, { environments: "'{production}'" });
      return {
        refused: refusedBy(await ask()),
        client,
        async mend({ came }) {
          await change(`environments = array_append(environments, '${came.environment}')`);
          return isRight(await ask());
        },
      };
    },
  },
  {
    of: ['listnr 403 unauthorized_client'],
    name: 'an ID token in place of the secret',
    reason: 'listnr.secret_required',
    readBy: 'client',
    async play(world) {
      const { client, ask } = await aService(world);
      const authorization = `Bearer ${await mintIdToken(world.server)}`;
      return {
        refused: refusedBy(await ask({}, { authorization })),
        client,
        mend: async () => isRight(await ask()),
      };
    },
  },
  {
    of: ['listnr 403 unauthorized_client'],
    name: 'a secret in place of the ID token',
    reason: 'listnr.id_token_required',
    readBy: 'operator',
    async play(world) {
      const { id, client, ask } = await anApplication(world);
      return {
        refused: refusedBy(await askToken(world.server, basic(id, 'secret'), { client_id: id })),
        client,
        mend: async () => isRight(await ask()),
      };
    },
  },
  {
    of: ['listnr 415 invalid_request'],
    name: 'a body that is a form',
    reason: 'body.other_type',
    readBy: 'client',
    async play(world) {
      const { client, ask } = await aService(world);
      return {
        refused: refusedBy(await ask({}, { 'content-type': 'application/x-www-form-urlencoded' })),
        client,
        mend: async ({ expected }) =>
          isRight(await ask({}, { 'content-type': String(expected['content-type']) })),
      };
    },
  },
];
