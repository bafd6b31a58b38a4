import { aClient } from '../registrations/factories.ts';
import type { TestServer } from '../servers/test-server.ts';
import { postForm } from './relying-party.ts';

/** The codes and addresses that a device shows to its person. */
export interface ShownCode {
  user_code: string;
  verification_uri: string;
  verification_uri_complete: string;
}

/** A new device of the instance `demo` begins to sign in. */
export async function beginDevice(server: TestServer): Promise<ShownCode> {
  const { client_id } = await aClient(server, {
    type: 'public',
    redirect_uris: [],
    grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
  });
  const { body } = await postForm(`${server.url}/auth/device_authorization`, { client_id, scope: 'openid' });
  return body as unknown as ShownCode;
}
