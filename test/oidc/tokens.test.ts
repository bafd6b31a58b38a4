import { startTestServer, type TestServer } from '../support/test-server.ts';
import { crossOrigin } from './tokens/cross-origin.ts';
import { forgeries } from './tokens/forgeries.ts';
import { tokenManagement } from './tokens/management.ts';
import { trustBoundaries } from './tokens/trust-boundaries.ts';

/** One server for all of it: each start costs a second. */
describe('tokens', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  tokenManagement(() => server);
  forgeries(() => server);
  trustBoundaries(() => server);
  crossOrigin(() => server);
});
