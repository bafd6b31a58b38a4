import { startTestServer, type TestServer } from '../support/test-server.ts';
import { idTokenHints } from './authorization/id-token-hints.ts';
import { pushedRequests } from './authorization/pushed-requests.ts';
import { authorizationRequests } from './authorization/requests.ts';
import { sessions } from './authorization/sessions.ts';

/** One server for all of it: each start costs a second. */
describe('authorization', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  authorizationRequests(() => server);
  idTokenHints(() => server);
  pushedRequests(() => server);
  sessions(() => server);
});
