import { createHash } from 'node:crypto';
import { postForm } from '../../support/clients/relying-party.ts';
import { aClient } from '../../support/registrations/factories.ts';
import { type ErrorRow, type Fields, isRight, refusedBy, secretOf, token, type World } from './world.ts';

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';

/** A device with a secret, whose developer can ask, and a code for it. */
export async function aDevice(world: World) {
  const { server, browser } = world;
  const client = await aClient(server, { redirect_uris: [], grant_types: [DEVICE_CODE] });
  const begin = async () => {
    const fields = { scope: 'openid', ...secretOf(client) };
    return (await postForm(`${server.url}/auth/device_authorization`, fields)).body as Fields;
  };
  const poll = ({ device_code = '' }: Fields) =>
    token(world, { grant_type: DEVICE_CODE, device_code, ...secretOf(client) });
  const expire = async ({ device_code = '' }: Fields) => {
    const id_hash = createHash('sha256').update(device_code).digest();
    const row = server.database.knex('artifacts').where({ model: 'DeviceCode', id_hash });
    const { payload } = await row.clone().first();
    const exp = Math.floor(Date.now() / 1000) - 1;
    await row.clone().update({ payload: JSON.stringify({ ...payload, exp }) });
  };
  const approve = async ({ verification_uri_complete = '' }: Fields) => {
    const page = await browser.get(verification_uri_complete);
    await browser.follow(await browser.submit(page, '/auth/device', { confirm: 'yes' }));
  };
  return { client, begin, poll, expire, approve };
}

/** The errors of a device that asks for its tokens. */
export const DEVICE_ROWS: readonly ErrorRow[] = [
  {
    of: ['slow_down 400'],
    name: 'a device that asks too soon',
    reason: 'device_code.asked_too_soon',
    readBy: 'client',
    async play(world) {
      const { client, begin, poll, approve } = await aDevice(world);
      const code = await begin();
      await poll(code);
      return {
        refused: refusedBy(await poll(code)),
        client,
        async mend() {
          await approve(code);
          return isRight(await poll(code));
        },
      };
    },
  },
  {
    of: ['expired_token 400'],
    name: 'a device code that has expired',
    reason: 'device_code.expired',
    readBy: 'client',
    async play(world) {
      const { client, begin, poll, expire, approve } = await aDevice(world);
      const code = await begin();
      await expire(code);
      return {
        refused: refusedBy(await poll(code)),
        client,
        async mend() {
          const another = await begin();
          await approve(another);
          return isRight(await poll(another));
        },
      };
    },
  },
];
