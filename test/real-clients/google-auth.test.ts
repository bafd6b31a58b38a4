import { authorizationUrl, pkce, postForm } from '../support/clients/relying-party.ts';
import { runClient } from '../support/real-clients/client-program.ts';
import { openPerson } from '../support/real-clients/person.ts';
import { installPython, pythonClient } from '../support/real-clients/python.ts';
import { type SecureServer, startSecureServer } from '../support/real-clients/secure-server.ts';
import { describeWith } from '../support/real-clients/toolchain.ts';
import { aClient } from '../support/registrations/factories.ts';

describeWith('python', 'openssl')('google-auth', () => {
  let server: SecureServer;
  let python: string;
  beforeAll(async () => {
    [server, python] = await Promise.all([startSecureServer(), installPython()]);
  });
  afterAll(() => server.close());

  it('refreshes twice as a public client, with an empty client_secret in the form', async () => {
    const { client_id, redirect_uri } = await aClient(server, { type: 'public' });
    const scopes = ['email', 'offline_access', 'openid'];
    const { code_verifier, ...challenge } = pkce();
    const request = { client_id, redirect_uri, scope: scopes.join(' '), ...challenge };
    const person = openPerson(server);
    const callback = new URL(await person.answer(authorizationUrl(server.url, request)));
    const { body } = await postForm(`${server.plainUrl}/auth/token`, {
      grant_type: 'authorization_code',
      code: callback.searchParams.get('code') ?? '',
      client_id,
      redirect_uri,
      code_verifier,
    });

    const settings = { client_id, client_secret: '', refresh_token: body.refresh_token, scopes };
    const command = pythonClient({ python, server }, 'google_auth_client.py', settings);
    const { refreshed } = (await runClient(command, person)) as {
      refreshed: { scopes: string[]; access_token: string }[];
    };
    expect(refreshed.map(({ scopes }) => scopes)).toEqual([scopes, scopes]);
    const accessTokens = new Set([body.access_token, ...refreshed.map(({ access_token }) => access_token)]);
    expect(accessTokens.size).toBe(3);
  });
});
