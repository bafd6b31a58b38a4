import { parseArgs } from 'node:util';
import fc from 'fast-check';
import globalSetup from '../support/global-setup.ts';
import globalTeardown from '../support/global-teardown.ts';
import { startTestServer } from '../support/test-server.ts';
import { forwardedAddresses, requestsAreAnswered, seeds } from './properties.ts';

/**
 * `npm run fuzz -- --minutes 60`: the properties of fuzz.test.ts for that long, with new inputs each time. A failure
 * prints the smallest input and the seed that makes it again: `--seed`.
 */
const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' } },
});
await globalSetup();
const server = await startTestServer({ env: { TRUSTED_PROXIES: '127.0.0.1,::1', LOG_LEVEL: 'silent' } });
const properties = [requestsAreAnswered(server.url), forwardedAddresses, seeds];
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const each = (Number(values.minutes) * 60_000) / properties.length;

for (const { name, property } of properties) {
  const before = process.memoryUsage().rss;
  const { failed, numRuns } = await fc
    .check(property, { seed, numRuns: 1e9, interruptAfterTimeLimit: each, markInterruptAsFailure: false })
    .then((details) => {
      if (details.failed) console.log(fc.defaultReportMessage(details));
      return details;
    });
  const grown = Math.round((process.memoryUsage().rss - before) / 1e6);
  console.log(
    `${name}: ${failed ? 'FAILED' : 'held'} for ${numRuns} inputs (seed ${seed}, ${grown} MB more)`,
  );
  if (failed) process.exitCode = 1;
}
await server.close();
await globalTeardown();
