import { startTestServer, type TestServer } from '../support/test-server.ts';
import { halfWay } from './what-ends-what/half-way.ts';
import { races } from './what-ends-what/races.ts';

/** What the table of docs/tokens.md cannot say: whatever ends a sign-in may come at any moment of it. */
describe('what ends what, half-way', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  halfWay(() => server);
  races(() => server);
});
