import fc from 'fast-check';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { forwardedAddresses, requestsAreAnswered, seeds } from './properties.ts';

/** A short run with the same inputs each time. `npm run fuzz -- --minutes 60` takes others. */
const SHORT = { seed: 11, numRuns: 200 };

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ env: { TRUSTED_PROXIES: '127.0.0.1,::1' } });
});
afterAll(() => server.close());

describe('whatever is sent', () => {
  it('no endpoint of the protocol answers with a fault of ours', () =>
    fc.assert(requestsAreAnswered(server.url).property, SHORT));

  it('the address of a client is an address', () => fc.assert(forwardedAddresses.property, SHORT));

  it('a seed is accepted or refused', () => fc.assert(seeds.property, SHORT));
});
