import { startTestServer, type TestServer } from '../support/test-server.ts';
import { clientAssertions } from './client-security/client-assertions.ts';
import { dpop } from './client-security/dpop.ts';
import { introspectionByApis } from './client-security/introspection.ts';
import { signatures } from './client-security/signatures.ts';

/** One server for what clients may ask for beyond the usual. */
describe('a client may ask for', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  clientAssertions(() => server);
  dpop(() => server);
  signatures(() => server);
  introspectionByApis(() => server);
});
