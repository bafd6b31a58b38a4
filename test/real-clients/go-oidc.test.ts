import { ADA, DEMO_WEB } from '../support/clients/relying-party.ts';
import { blocksAt, DEMO_ISSUER, fillIn } from '../support/documents/blocks.ts';
import { runClient } from '../support/real-clients/client-program.ts';
import { compileGo } from '../support/real-clients/go.ts';
import { openPerson } from '../support/real-clients/person.ts';
import { describeWith } from '../support/real-clients/toolchain.ts';
import { aClient } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

describeWith('go')('go-oidc with x/oauth2', () => {
  const [{ text }] = blocksAt('docs/client-libraries.md#go-oidc', 'go');
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  const signIn = async ({ client_id, client_secret }: { client_id: string; client_secret: string }) => {
    const { url } = server;
    const values = {
      [DEMO_ISSUER]: url,
      [DEMO_WEB.client_id]: client_id,
      [DEMO_WEB.client_secret]: client_secret,
    };
    const program = await compileGo('listo.go', fillIn(text, values));
    return runClient({ command: [program] }, openPerson({ url, plainUrl: url }));
  };

  const signedIn = {
    idToken: ADA.id,
    userinfo: ADA.email,
    refreshed: ADA.id,
    rotated: true,
  };

  it('signs in with PKCE, verifies the ID token, reads userinfo and refreshes', async () => {
    expect(await signIn(DEMO_WEB)).toEqual({
      ...signedIn,
      tokenRequests: [
        { basic: true, secret: true, status: 200 },
        { basic: true, secret: true, status: 200 },
      ],
    });
  });

  it('does so as a public client, whose Basic with an empty secret is answered at once', async () => {
    const client = await aClient(server, { type: 'public' });
    expect(await signIn(client)).toEqual({
      ...signedIn,
      tokenRequests: [
        { basic: true, secret: false, status: 200 },
        { basic: true, secret: false, status: 200 },
      ],
    });
  });
});
