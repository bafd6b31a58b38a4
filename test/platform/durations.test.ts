import { AggregatorRegistry, Histogram, Registry } from 'prom-client';
import { countDurations } from '../../src/platform/durations.ts';

const NAME = 'durations_seconds';
const named = { name: NAME, help: 'How long.', buckets: [0.01, 0.5, 2] };
const OBSERVED = [
  ['/auth/token', '200', 0.01],
  ['/auth/token', '200', 0.010001],
  ['/auth/token', '400', 7],
  ['/auth/jwks', '200', 0],
] as const;

/** The same observations by ours and by the library's histogram. */
function both() {
  const [own, librarys] = [new Registry(), new Registry()];
  const durations = countDurations(own, { ...named, labels: ['endpoint', 'status'] });
  const histogram = new Histogram({
    ...named,
    labelNames: ['endpoint', 'status'] as const,
    registers: [librarys],
  });
  for (const [endpoint, status, seconds] of OBSERVED) {
    durations.observe([endpoint, status], seconds);
    histogram.observe({ endpoint, status }, seconds);
  }
  return { own, librarys };
}

/** Labels may come in any order. */
const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => line.replace(/\{(.*)\}/, (_all, labels) => `{${labels.split(',').sort().join()}}`))
    .sort();

describe('durations', () => {
  it('are shown as the library shows a histogram', async () => {
    const { own, librarys } = both();
    const shown = lines(await own.metrics());
    expect(shown).toEqual(lines(await librarys.metrics()));
    expect(shown).toContain(`${NAME}_bucket{endpoint="/auth/token",le="0.01",status="200"} 1`);
  });

  it('of several processes are added up like a histogram', async () => {
    const { own, librarys } = both();
    const sum = async (registry: Registry) => {
      const counted = await registry.getMetricsAsJSON();
      return lines(await AggregatorRegistry.aggregate([counted, counted]).metrics());
    };
    const added = await sum(own);
    expect(added).toEqual(await sum(librarys));
    expect(added).toContain(`${NAME}_count{endpoint="/auth/token",status="200"} 4`);
  });
});
