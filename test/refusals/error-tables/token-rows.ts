import { aClientKey, dpopProof } from '../../support/clients/proofs.ts';
import { pkce, postForm } from '../../support/clients/relying-party.ts';
import { withStillTime } from '../../support/time/still-time.ts';
import { aCode, change, codeFor, type ErrorRow, isRight, refusedBy, secretOf, token } from './world.ts';

/** The errors of the token endpoint. */
export const TOKEN_ROWS: readonly ErrorRow[] = [
  {
    of: ['invalid_request 400', 'guide token invalid_request'],
    name: 'a code that is missing',
    reason: 'parameter.missing',
    readBy: 'client',
    async play(world) {
      const { client, code, exchange } = await aCode(world);
      return {
        refused: refusedBy(await exchange({ code: '' })),
        client,
        mend: async ({ expected }) => {
          expect(expected).toEqual({ parameter: ['code'] });
          return isRight(await exchange({ code }));
        },
      };
    },
  },
  {
    of: ['invalid_client 401', 'guide token invalid_client'],
    name: 'a secret that is wrong',
    reason: 'client.secret_wrong',
    readBy: 'client',
    async play(world) {
      const { client, exchange } = await aCode(world);
      return {
        refused: refusedBy(await exchange({ client_secret: 'wrong' })),
        client,
        mend: async () => isRight(await exchange()),
      };
    },
  },
  {
    of: ['invalid_client 401', 'guide token invalid_client'],
    name: 'a client_id that nobody has',
    reason: 'client.unknown',
    readBy: 'operator',
    async play(world) {
      const { client, exchange } = await aCode(world);
      return {
        refused: refusedBy(await exchange({ client_id: 'client_dmeo' })),
        client,
        mend: async () => isRight(await exchange()),
      };
    },
  },
  {
    of: ['invalid_client 401'],
    name: 'a secret that has expired',
    reason: 'client.secret_expired',
    readBy: 'client',
    async play(world) {
      const { client, exchange } = await aCode(world);
      const { knex } = world.server.database;
      const secrets = knex('client_secrets').where({ client_id: client.client_id });
      await secrets.clone().update({ expires_at: new Date(Date.now() - 60_000) });
      const refused = refusedBy(await exchange());
      // The same secret stands for the new one that the remedy asks for.
      await secrets.clone().update({ expires_at: null });
      return { refused, client, mend: async () => isRight(await exchange()) };
    },
  },
  {
    of: ['invalid_grant 400', 'guide token invalid_grant', 'guide exchange Authorization code expired'],
    name: 'a code that has expired',
    reason: 'code.expired',
    readBy: 'client',
    async play(world) {
      const { client, exchange } = await aCode(world);
      const refused = await withStillTime(async (time) => {
        time.forward(601);
        return refusedBy(await exchange());
      });
      return {
        refused,
        client,
        mend: async () => isRight(await (await codeFor(world, client)).exchange()),
      };
    },
  },
  {
    of: ['invalid_grant 400', 'guide token invalid_grant'],
    name: 'a code that was used before',
    reason: 'code.used_before',
    readBy: 'client',
    async play(world) {
      const { client, exchange } = await aCode(world);
      await exchange();
      return {
        refused: refusedBy(await exchange()),
        client,
        mend: async () => isRight(await (await codeFor(world, client)).exchange()),
      };
    },
  },
  {
    of: ['invalid_grant 400', 'guide token invalid_grant'],
    name: 'a code that is none',
    reason: 'code.not_valid',
    readBy: 'client',
    async play(world) {
      const { client, code, exchange } = await aCode(world);
      return {
        refused: refusedBy(await exchange({ code: `${code}x` })),
        client,
        mend: async () => isRight(await exchange()),
      };
    },
  },
  {
    of: ['invalid_grant 400'],
    name: 'a redirect_uri that is not the one of the authorization request',
    reason: 'code.redirect_uri_differs',
    readBy: 'client',
    async play(world) {
      const { client, exchange } = await aCode(world);
      return {
        refused: refusedBy(await exchange({ redirect_uri: 'http://127.0.0.1:9999/calback' })),
        client,
        mend: async ({ expected }) =>
          isRight(await exchange({ redirect_uri: String([expected.redirect_uri].flat()[0]) })),
      };
    },
  },
  {
    of: ['invalid_grant 400'],
    name: 'a code_verifier of another code_challenge',
    reason: 'code_verifier.wrong',
    readBy: 'client',
    async play(world) {
      const { code_verifier, ...challenge } = pkce();
      const { client, exchange } = await aCode(world, {}, challenge);
      return {
        refused: refusedBy(await exchange({ code_verifier: pkce().code_verifier })),
        client,
        mend: async () => {
          const { code_verifier: right, ...other } = pkce();
          const { exchange: next } = await codeFor(world, client, other);
          return isRight(await next({ code_verifier: right }));
        },
      };
    },
  },
  {
    of: ['invalid_grant 400'],
    name: 'a code_verifier that is missing',
    reason: 'code_verifier.missing',
    readBy: 'client',
    async play(world) {
      const { code_verifier, ...challenge } = pkce();
      const { client, exchange } = await aCode(world, {}, challenge);
      return {
        refused: refusedBy(await exchange()),
        client,
        mend: async () => {
          const { code_verifier: right, ...other } = pkce();
          const { exchange: next } = await codeFor(world, client, other);
          return isRight(await next({ code_verifier: right }));
        },
      };
    },
  },
  {
    of: ['invalid_grant 400'],
    name: 'a code of a public client, whose developer asks the operator',
    reason: 'code_verifier.wrong',
    readBy: 'operator',
    async play(world) {
      const { code_verifier, ...challenge } = pkce();
      const { client, exchange } = await aCode(world, { type: 'public' }, challenge);
      return {
        refused: refusedBy(await exchange({ code_verifier: pkce().code_verifier })),
        client,
        mend: async () => {
          const { code_verifier: right, ...other } = pkce();
          const { exchange: next } = await codeFor(world, client, other);
          return isRight(await next({ code_verifier: right }));
        },
      };
    },
  },
  {
    of: ['invalid_grant 400'],
    name: 'a refresh token that was revoked',
    reason: 'refresh_token.ended',
    readBy: 'client',
    async play(world) {
      const { client, exchange } = await aCode(world);
      const refresh_token = String((await exchange()).body.refresh_token);
      const mine = { refresh_token, ...secretOf(client) };
      await postForm(`${world.server.url}/auth/revoke`, { ...mine, token: refresh_token });
      return {
        refused: refusedBy(await token(world, { grant_type: 'refresh_token', ...mine })),
        client,
        mend: async () => isRight(await (await codeFor(world, client)).exchange()),
      };
    },
  },
  {
    of: ['unauthorized_client 400 (LiSTNR: 403)', 'guide token unauthorized_client'],
    name: 'a grant that is not registered',
    reason: 'grant_type.not_registered',
    readBy: 'client',
    async play(world) {
      const { client, exchange } = await aCode(world, { grant_types: ['authorization_code'] });
      await exchange();
      const ask = () =>
        token(world, { grant_type: 'refresh_token', refresh_token: 'x', ...secretOf(client) });
      return {
        refused: refusedBy(await ask()),
        client,
        mend: async () => {
          await change(world, client, { grant_types: ['authorization_code', 'refresh_token'] });
          const { exchange: next } = await codeFor(world, client);
          const { refresh_token } = (await next()).body;
          const fields = { grant_type: 'refresh_token', refresh_token: String(refresh_token) };
          return isRight(await token(world, { ...fields, ...secretOf(client) }));
        },
      };
    },
  },
  {
    of: ['unsupported_grant_type 400', 'guide token unsupported_grant_type'],
    name: 'a grant that no server of this product has',
    reason: 'grant_type.unknown',
    readBy: 'client',
    async play(world) {
      const { client, exchange } = await aCode(world);
      return {
        refused: refusedBy(await exchange({ grant_type: 'authorisation_code' })),
        client,
        mend: async ({ nearest }) => {
          expect(nearest).toMatchObject({ grant_type: expect.anything() });
          return isRight(await exchange({ grant_type: 'authorization_code' }));
        },
      };
    },
  },
  {
    of: ['invalid_scope 400', 'guide token invalid_scope'],
    name: 'a refresh that asks for more than was granted',
    reason: 'scope.not_granted',
    readBy: 'client',
    async play(world) {
      const { client, exchange } = await aCode(world);
      const refresh_token = String((await exchange()).body.refresh_token);
      const mine = { grant_type: 'refresh_token', refresh_token, ...secretOf(client) };
      return {
        refused: refusedBy(await token(world, { ...mine, scope: 'openid email' })),
        client,
        mend: async ({ expected }) =>
          isRight(await token(world, { ...mine, scope: [expected.scope ?? []].flat().join(' ') })),
      };
    },
  },
  {
    of: ['invalid_dpop_proof 400, at userinfo 401'],
    name: 'a proof for another address',
    reason: 'proof.htu_wrong',
    readBy: 'client',
    async play(world) {
      const { client, exchange } = await aCode(world);
      const key = await aClientKey();
      const htu = `${world.server.url}/auth/token`;
      const send = async (address: string) => exchange({}, { dpop: await dpopProof(key, { htu: address }) });
      return {
        refused: refusedBy(await send(`${htu}s`)),
        client,
        mend: async ({ expected }) => isRight(await send(String([expected.htu].flat()[0]))),
      };
    },
  },
];
