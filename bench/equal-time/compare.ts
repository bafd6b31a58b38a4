import { progress } from '../program.ts';
import { percentile } from '../report/percentile.ts';

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

export interface Pair {
  what: string;
  /** Sends a request with the wrong secret. `name` is one that exists, or undefined for the unknown name of pair `n`. */
  ask(name: string | undefined, n: number): Promise<Answer>;
  /** The existing name of pair `n`. */
  known(n: number): string;
  status: number;
  /** How far apart the medians may be, by either measure. */
  within?: { share: number; ms: number };
}

const WARM_UP = 30;
const OF_PROGRAMS = { share: 0.1, ms: 0.2 };
/** The headers that differ with each answer. */
const RANDOM_HEADERS = new Set(['date', 'x-request-id', 'content-length']);

/** Every other pair asks with the unknown name first, so that what one leaves behind is felt by both alike. */
export async function compare(
  { what, ask, known, status, within = OF_PROGRAMS }: Pair,
  pairs: number,
): Promise<string[]> {
  progress(`${what} ...`);
  const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] };
  let different = 0;
  const measure = async (name: string | undefined, n: number): Promise<string> => {
    const since = performance.now();
    const answer = await ask(name, n);
    if (n >= WARM_UP) times[name === undefined ? 'unknown' : 'known'].push(performance.now() - since);
    if (answer.status !== status)
      throw new Error(`${what} with ${name ?? 'an unknown name'} answers ${answer.status}.`);
    return withoutRandom(answer);
  };
  for (let n = 0; n < WARM_UP + pairs; n += 1) {
    const names = [known(n), undefined];
    const answers = [];
    for (const name of n % 2 === 0 ? names : names.reverse()) answers.push(await measure(name, n));
    if (answers[0] !== answers[1]) different += 1;
  }
  const [one, other] = [percentile(times.known, 0.5), percentile(times.unknown, 0.5)];
  const apart = Math.abs(one - other);
  const equal = apart <= within.ms || apart <= within.share * one;
  const ms = (value: number) => `${value.toFixed(2)} ms`;
  return [
    what,
    ms(one),
    ms(other),
    `${ms(apart)}, ${((apart / one) * 100).toFixed(0)} %`,
    equal ? 'yes' : 'no',
    different === 0 ? 'yes' : 'no',
  ];
}

/** An answer in one text, without the name that was asked for and without what is random. */
function withoutRandom({ headers, text }: Answer): string {
  const lines = [...headers]
    .filter(([name]) => !RANDOM_HEADERS.has(name))
    .map(([name, value]) => `${name}: ${value}`);
  return [...lines.toSorted(), '', text]
    .join('\n')
    .replaceAll(/(?:person|nobody)-\d+@bench\.example/g, 'NAME')
    .replaceAll(/\/interaction\/[\w-]+/g, '/interaction/UID')
    .replaceAll(/(name="csrf" value|data-options)="[^"]*"/g, '$1="RANDOM"')
    .replaceAll(/(set-cookie: [\w.-]+)=[^;]*/g, '$1=RANDOM')
    .replaceAll(/expires=[^;]*/gi, 'expires=RANDOM');
}
