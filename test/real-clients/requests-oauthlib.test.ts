import { ADA, DEMO_WEB } from '../support/clients/relying-party.ts';
import { DEMO_ISSUER } from '../support/documents/blocks.ts';
import { runClient } from '../support/real-clients/client-program.ts';
import { documentFile } from '../support/real-clients/document.ts';
import { openPerson } from '../support/real-clients/person.ts';
import { installPython, pythonClient } from '../support/real-clients/python.ts';
import { type SecureServer, startSecureServer } from '../support/real-clients/secure-server.ts';
import { describeWith } from '../support/real-clients/toolchain.ts';
import { aClient } from '../support/registrations/factories.ts';

describeWith('python', 'openssl')('requests-oauthlib', () => {
  let server: SecureServer;
  let python: string;
  beforeAll(async () => {
    [server, python] = await Promise.all([startSecureServer(), installPython()]);
  });
  afterAll(() => server.close());

  const signIn = async (type: 'confidential' | 'public', scope: string) => {
    const client = await aClient(server, {
      type,
      require_pkce: true,
      redirect_uris: ['https://app.example/callback'],
    });
    const document = documentFile('docs/client-libraries.md#requests-oauthlib', 'python', {
      [DEMO_ISSUER]: server.url,
      [DEMO_WEB.client_id]: client.client_id,
      [DEMO_WEB.client_secret]: client.client_secret,
      [DEMO_WEB.redirect_uri]: client.redirect_uri,
      'openid profile email': scope,
    });
    const command = pythonClient({ python, server }, 'requests_oauthlib_client.py', { document });
    return runClient(command, openPerson(server));
  };

  it('signs in and refreshes twice without a switch, with offline_access or none', async () => {
    for (const scope of ['openid profile email', 'openid email offline_access'])
      expect(await signIn('confidential', scope)).toEqual({ scopes: [scope, scope, scope], sub: ADA.id });
  });

  it('does so as a public client, which sends Basic with an empty secret', async () => {
    const scope = 'openid profile offline_access';
    expect(await signIn('public', scope)).toEqual({ scopes: [scope, scope, scope], sub: ADA.id });
  });
});
