import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import globalSetup from '../support/jest/global-setup.ts';
import globalTeardown from '../support/jest/global-teardown.ts';

/**
 * `npm run fuzz -- --minutes 60`: the properties of fuzz.test.ts for that long, in rounds, with new inputs each time,
 * and what the server holds after each round. A failure prints the smallest input and the seed of its round:
 * `--seed`. `--limits` leaves the rate limits on.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    only: { type: 'string' },
    limits: { type: 'boolean', default: false },
  },
});
const ROUND_MS = 60_000;
await globalSetup();
const { openProperties } = await import('./properties.ts');
const { holdings, growthOf } = await import('./holdings.ts');

const opened = await openProperties(
  values.limits ? { REQUESTS_PER_MINUTE: '6000', FAILURES_PER_MINUTE: '20' } : {},
);
const properties = opened.properties.filter(({ name }) => name.includes(values.only ?? ''));
const end = performance.now() + Number(values.minutes) * 60_000;
const runs = new Map<string, number>();
const measured = [];
let seed = Number(values.seed ?? Date.now() % 2 ** 31);

while (performance.now() < end && !process.exitCode) {
  console.log(`round ${measured.length + 1}, seed ${seed}`);
  for (const { name, property, share } of properties) {
    const details = await fc.check(property as fc.IAsyncPropertyWithHooks<unknown[]>, {
      seed,
      numRuns: 1e9,
      interruptAfterTimeLimit: Math.max(1000, Math.min(ROUND_MS * share, end - performance.now())),
      markInterruptAsFailure: false,
    });
    runs.set(name, (runs.get(name) ?? 0) + details.numRuns);
    // Time that is over before the first input counts as failed.
    if (!details.failed || details.counterexample === null) continue;
    console.log(`${name}: FAILED\n${fc.defaultReportMessage(details)}\n${details.errorInstance}`);
    process.exitCode = 1;
  }
  // Node's memory grows between two collections; connections and timers end meanwhile.
  await pause(100);
  measured.push(await holdings(opened));
  console.log(JSON.stringify(measured.at(-1)));
  seed += 1;
}

const { watch } = opened;
for (const [name, count] of runs) console.log(`${name}: ${count} inputs`);
for (const [endpoint, statuses] of [...watch.counts].sort(([a], [b]) => a.localeCompare(b)))
  console.log(
    `${endpoint}: ${[...statuses]
      .sort()
      .map(([status, count]) => `${count} × ${status}`)
      .join(', ')}`,
  );
console.log(`The dearest input took ${watch.mostCpuSeconds.toFixed(2)} s of the processor.`);
for (const sentence of growthOf(measured)) {
  console.log(sentence);
  process.exitCode = 1;
}
await opened.close();
await globalTeardown();
