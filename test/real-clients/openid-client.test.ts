import { ADA } from '../support/clients/relying-party.ts';
import { DEMO_ISSUER } from '../support/documents/blocks.ts';
import { runClient } from '../support/real-clients/client-program.ts';
import { documentFile } from '../support/real-clients/document.ts';
import { nodeProgram } from '../support/real-clients/node.ts';
import { openPerson } from '../support/real-clients/person.ts';
import { type SecureServer, startSecureServer } from '../support/real-clients/secure-server.ts';
import { describeWith } from '../support/real-clients/toolchain.ts';

describeWith('openssl')('openid-client', () => {
  let server: SecureServer;
  beforeAll(async () => {
    server = await startSecureServer();
  });
  afterAll(() => server.close());

  it.each(['openid profile email', 'openid email offline_access'])(
    'signs in and refreshes twice with the lines of the document, for %s',
    async (scope) => {
      const document = documentFile('docs/client-libraries.md#openid-client', 'js', {
        [DEMO_ISSUER]: server.url,
        'openid profile email': scope,
      });
      const command = {
        command: [process.execPath, nodeProgram('openid-client.mjs')],
        env: server.trust,
        settings: { document },
      } as const;
      expect(await runClient(command, openPerson(server))).toEqual({
        scopes: [scope, scope, scope],
        subs: [ADA.id, ADA.id, ADA.id],
      });
    },
  );
});
