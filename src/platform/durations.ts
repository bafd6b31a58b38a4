import type { Metric, Registry } from 'prom-client';

interface Series {
  labels: Readonly<Record<string, string>>;
  /** By bucket; the last one has no bound. */
  counts: number[];
  sum: number;
}

/** Counts durations by their labels, in seconds. */
export interface Durations<Labels extends readonly string[]> {
  /** `values` are those of the labels, in their order. */
  observe(values: Readonly<{ [name in keyof Labels]: string }>, seconds: number): void;
}

/**
 * A histogram of a registry. The library's own sorts, joins and checks the labels of each observation, which costs a hot
 * request as much as its line of the log.
 */
export function countDurations<const Labels extends readonly string[]>(
  registry: Registry,
  { name, help, labels, buckets }: { name: string; help: string; labels: Labels; buckets: readonly number[] },
): Durations<Labels> {
  const all = new Map<string, Series>();
  const metric = {
    name,
    async get() {
      return {
        name,
        help,
        type: 'histogram',
        aggregator: 'sum',
        values: [...all.values()].flatMap(valuesOf),
      };
    },
  };
  registry.registerMetric(metric as unknown as Metric);

  function valuesOf({ labels: own, counts, sum }: Series) {
    let total = 0;
    const cumulated = [...buckets, '+Inf'].map((le, n) => {
      total += counts[n] ?? 0;
      return { labels: { le, ...own }, value: total, metricName: `${name}_bucket` };
    });
    return [
      ...cumulated,
      { labels: own, value: sum, metricName: `${name}_sum` },
      { labels: own, value: total, metricName: `${name}_count` },
    ];
  }

  return {
    observe(values, seconds) {
      const key = values.join(' ');
      let series = all.get(key);
      if (!series) {
        const named = labels.map((label, n) => [label, values[n] ?? '']);
        series = { labels: Object.fromEntries(named), counts: new Array(buckets.length + 1).fill(0), sum: 0 };
        all.set(key, series);
      }
      let n = 0;
      while (n < buckets.length && seconds > (buckets[n] ?? 0)) n += 1;
      series.counts[n] = (series.counts[n] ?? 0) + 1;
      series.sum += seconds;
    },
  };
}
