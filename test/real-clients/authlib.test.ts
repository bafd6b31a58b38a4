import { freePort } from '../../scripts/free-port.ts';
import { ADA, DEMO_WEB } from '../support/clients/relying-party.ts';
import { DEMO_ISSUER } from '../support/documents/blocks.ts';
import { runClient, startClient } from '../support/real-clients/client-program.ts';
import { documentFile } from '../support/real-clients/document.ts';
import { openPerson } from '../support/real-clients/person.ts';
import { installPython, pythonClient, pythonEnvironment } from '../support/real-clients/python.ts';
import { type SecureServer, startSecureServer } from '../support/real-clients/secure-server.ts';
import { describeWith } from '../support/real-clients/toolchain.ts';
import { aClient } from '../support/registrations/factories.ts';

describeWith('python', 'openssl')('Authlib', () => {
  let server: SecureServer;
  let python: string;
  beforeAll(async () => {
    [server, python] = await Promise.all([startSecureServer(), installPython()]);
  });
  afterAll(() => server.close());

  it('signs in with the application of the document, for Flask', async () => {
    const port = await freePort();
    const redirect_uri = `http://127.0.0.1:${port}/callback`;
    const client = await aClient(server, { require_pkce: true, redirect_uris: [redirect_uri] });
    const application = documentFile('docs/client-libraries.md#authlib', 'python', {
      [DEMO_ISSUER]: server.url,
      [DEMO_WEB.client_id]: client.client_id,
      [DEMO_WEB.client_secret]: client.client_secret,
      [DEMO_WEB.redirect_uri]: redirect_uri,
    });
    const flask = startClient({
      command: [python, '-m', 'flask', '--app', application, 'run', '--port', String(port)],
      env: pythonEnvironment(server),
    });
    try {
      await flask.listens(port);
      const { status, url, html } = await openPerson(server).visit(`http://127.0.0.1:${port}/sign-in`);
      expect({ status, at: url.startsWith(redirect_uri) }).toEqual({ status: 200, at: true });
      expect(JSON.parse(html)).toMatchObject({
        iss: server.url,
        aud: client.client_id,
        sub: ADA.id,
        email: ADA.email,
        name: 'Ada Lovelace',
      });
    } finally {
      await flask.stop();
    }
  });

  it.each(['confidential', 'public'] as const)(
    'signs in, refreshes twice and revokes without a framework, as a %s client, and PyJWT verifies each ID token',
    async (type) => {
      const client = await aClient(server, { type, require_pkce: true });
      const scope = 'openid email offline_access';
      const command = pythonClient({ python, server }, 'authlib_client.py', { ...client, scope });
      expect(await runClient(command, openPerson(server))).toEqual({
        scopes: [scope, scope, scope],
        id_tokens_of: [ADA.id, ADA.id, ADA.id],
        userinfo_of: ADA.id,
        after_revocation: 401,
      });
    },
  );
});
