import { type Quartiles, quartiles, ratiosOfOneSide, ratiosOfPairs, type Side } from './pairs.ts';
import { markdownTable } from './table.ts';

/** A measurement of one side. CPU is milliseconds for each answer. */
export interface Sample {
  side: Side;
  requestsPerSecond: number;
  serverMs: number;
  databaseMs: number;
}

/** A scenario with its measurements, in their order. */
export interface Compared {
  title: string;
  samples: readonly Sample[];
}

const FIGURES = [
  { figure: 'requestsPerSecond', title: 'answers a second', written: (value: number) => grouped(value) },
  { figure: 'serverMs', title: 'CPU server, ms', written: (value: number) => value.toFixed(2) },
  { figure: 'databaseMs', title: 'CPU database, ms', written: (value: number) => value.toFixed(2) },
] as const;

const HEAD = ['request', 'figure', 'here', 'other', 'here / other', 'quartiles', 'a side / itself'];

/** Three lines for each scenario. */
export function comparisonTable(compared: readonly Compared[]): string {
  return markdownTable(HEAD, compared.flatMap(linesOf));
}

function linesOf({ title, samples }: Compared): string[][] {
  return FIGURES.map(({ figure, title: name, written }, n) => {
    const turns = samples.map(({ side, ...values }) => ({ side, value: values[figure] }));
    const middle = (wanted: Side) =>
      maybe(quartiles(turns.filter(({ side }) => side === wanted).map(({ value }) => value)), ({ median }) =>
        written(median),
      );
    const ratio = quartiles(ratiosOfPairs(turns));
    return [
      n === 0 ? title : '',
      name,
      middle('here'),
      middle('other'),
      maybe(ratio, ({ median }) => median.toFixed(2)),
      maybe(ratio, range),
      maybe(quartiles(ratiosOfOneSide(turns)), range),
    ];
  });
}

function range({ low, high }: Quartiles): string {
  return `${low.toFixed(2)} to ${high.toFixed(2)}`;
}

function maybe(found: Quartiles | undefined, format: (found: Quartiles) => string): string {
  return found ? format(found) : '';
}

function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
