import { postForm, userinfo } from '../../support/clients/relying-party.ts';
import { aClient } from '../../support/registrations/factories.ts';
import { withStillTime } from '../../support/time/still-time.ts';
import { type ErrorRow, isRight, refusedBy, secretOf, token, tokensFor } from './world.ts';

/** The errors of userinfo, whose requests name their client by the token. */
export const USERINFO_ROWS: readonly ErrorRow[] = [
  {
    of: ['invalid_token 401', 'guide userinfo invalid_token', 'guide userinfo Access token expired'],
    name: 'an access token that has expired',
    reason: 'access_token.expired',
    readBy: 'client',
    async play(world) {
      const client = await aClient(world.server);
      const { access_token = '', refresh_token = '' } = await tokensFor(world, client);
      const refused = await withStillTime(async (time) => {
        time.forward(3601);
        return refusedBy(await userinfo(world.server.url, access_token));
      });
      return {
        refused,
        client,
        async mend() {
          const fields = { grant_type: 'refresh_token', refresh_token, ...secretOf(client) };
          const { body } = await token(world, fields);
          return isRight(await userinfo(world.server.url, String(body.access_token)));
        },
      };
    },
  },
  {
    of: ['invalid_token 401', 'guide userinfo invalid_token'],
    name: 'an access token that was revoked',
    reason: 'access_token.revoked',
    readBy: 'client',
    async play(world) {
      const client = await aClient(world.server);
      const { access_token = '' } = await tokensFor(world, client);
      const fields = { token: access_token, ...secretOf(client) };
      await postForm(`${world.server.url}/auth/revoke`, fields);
      return {
        refused: refusedBy(await userinfo(world.server.url, access_token)),
        client,
        async mend() {
          const tokens = await tokensFor(world, client);
          return isRight(await userinfo(world.server.url, String(tokens.access_token)));
        },
      };
    },
  },
  {
    of: ['invalid_token 401', 'guide userinfo invalid_token'],
    name: 'an ID token in place of the access token',
    reason: 'access_token.is_id_token',
    readBy: 'operator',
    async play(world) {
      const client = await aClient(world.server);
      const { access_token = '', id_token = '' } = await tokensFor(world, client);
      return {
        refused: refusedBy(await userinfo(world.server.url, id_token)),
        client,
        mend: async () => isRight(await userinfo(world.server.url, access_token)),
      };
    },
  },
  {
    of: ['insufficient_scope 403', 'guide userinfo insufficient_scope'],
    name: 'an access token without the scope openid',
    reason: 'access_token.scope_missing',
    readBy: 'client',
    async play(world) {
      const client = await aClient(world.server);
      const { access_token = '' } = await tokensFor(world, client, { scope: 'profile' });
      return {
        refused: refusedBy(await userinfo(world.server.url, access_token)),
        client,
        async mend({ expected }) {
          const scope = ['profile', ...[expected.scope ?? []].flat()].join(' ');
          const tokens = await tokensFor(world, client, { scope });
          return isRight(await userinfo(world.server.url, String(tokens.access_token)));
        },
      };
    },
  },
];
