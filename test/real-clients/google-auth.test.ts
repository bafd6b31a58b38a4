import { startClient } from '../support/real-clients/client-program.ts';
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

  it('signs in an installed application without a secret, and refreshes twice', async () => {
    const client = await aClient(server, {
      type: 'public',
      application_type: 'native',
      redirect_uris: ['http://localhost/'],
    });
    const scopes = ['email', 'offline_access', 'openid'];
    const program = startClient(
      pythonClient({ python, server }, 'google_auth_client.py', { ...client, scopes }),
    );
    try {
      const { authorize } = await program.next('authorize');
      const page = await openPerson(server).visit(String(authorize));
      expect(page).toMatchObject({ status: 200, html: expect.stringContaining('completed') });
      const { answers } = (await program.next('result')).result as {
        answers: { scopes: string[]; access_token: string }[];
      };
      expect(answers.map(({ scopes }) => scopes)).toEqual([scopes, scopes, scopes]);
      expect(new Set(answers.map(({ access_token }) => access_token)).size).toBe(3);
    } finally {
      await program.stop();
    }
  });
});
