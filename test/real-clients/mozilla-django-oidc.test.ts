import { freePort } from '../../scripts/free-port.ts';
import { ADA, DEMO_WEB } from '../support/clients/relying-party.ts';
import { DEMO_ISSUER } from '../support/documents/blocks.ts';
import { startClient } from '../support/real-clients/client-program.ts';
import { documentFile } from '../support/real-clients/document.ts';
import { openPerson } from '../support/real-clients/person.ts';
import { installPython, pythonEnvironment, pythonProgram } from '../support/real-clients/python.ts';
import { type SecureServer, startSecureServer } from '../support/real-clients/secure-server.ts';
import { describeWith } from '../support/real-clients/toolchain.ts';
import { aClient } from '../support/registrations/factories.ts';

describeWith('python', 'openssl')('mozilla-django-oidc', () => {
  let server: SecureServer;
  let python: string;
  beforeAll(async () => {
    [server, python] = await Promise.all([startSecureServer(), installPython()]);
  });
  afterAll(() => server.close());

  it('signs a person in to a Django project with the settings of the document', async () => {
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    const redirect_uris = [`${origin}/oidc/callback/`];
    const client = await aClient(server, { require_pkce: true, redirect_uris });
    const document = documentFile('docs/client-libraries.md#mozilla-django-oidc', 'python', {
      [DEMO_ISSUER]: server.url,
      [DEMO_WEB.client_id]: client.client_id,
      [DEMO_WEB.client_secret]: client.client_secret,
    });
    const django = startClient({
      command: [python, pythonProgram('django_application.py'), String(port), document],
      env: pythonEnvironment(server),
    });
    try {
      await django.listens(port);
      const person = openPerson(server);
      const { status, url, html } = await person.visit(`${origin}/oidc/authenticate/`);
      expect({ status, url, body: JSON.parse(html) }).toEqual({
        status: 200,
        url: `${origin}/`,
        body: { email: ADA.email },
      });
    } finally {
      await django.stop();
    }
  });
});
