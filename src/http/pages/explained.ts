import type { Why } from '../../platform/errors.ts';
import { type Explanation, explain } from '../../refusals/explain/explanation.ts';
import { cleanValues } from '../../refusals/record/clean-values.ts';

/** Why a request was refused, as a page of development shows it. */
export interface Explained {
  reason: string | null;
  sentence: string;
  remedy: string;
  values: readonly ExplainedValue[];
}

interface ExplainedValue {
  /** The name of a parameter or column. */
  name: string;
  came: readonly string[];
  /** The registered value that it most resembles; the middle is where they differ. */
  nearest: { before: string; differs: string; after: string; parts: string } | undefined;
  /** All others. */
  expected: readonly string[];
}

/** Explains a refusal before it is recorded. */
export function explainedNow(why: Why): Explained {
  return explained(
    explain(
      {
        ...{ request_id: '', at: new Date(0), endpoint: '', status: 0, error: '' },
        reason: why.reason,
        ...cleanValues(why),
      },
      { reader: 'client' },
    ),
  );
}

export function explained({ reason, sentence, remedy, came, expected, nearest }: Explanation): Explained {
  const names = [...new Set([...Object.keys(came), ...Object.keys(expected)])];
  return {
    reason,
    sentence,
    remedy,
    values: names.map((name) => {
      const near = nearest[name];
      const others = list(expected[name]).filter((value) => value !== near?.value);
      return {
        name,
        came: list(came[name]),
        nearest: near && {
          ...difference(near.value, list(came[name])[0] ?? ''),
          parts: near.differs.join(' and '),
        },
        expected: others,
      };
    }),
  };
}

function list(value: string | readonly string[] | undefined): string[] {
  return value === undefined ? [] : [value].flat();
}

/** Parts `text` into what it has in common with `other` at its beginning and end, and the rest in between. */
function difference(text: string, other: string): { before: string; differs: string; after: string } {
  const [one, two] = [[...text], [...other]];
  const longest = Math.min(one.length, two.length);
  let start = 0;
  while (start < longest && one[start] === two[start]) start += 1;
  let end = 0;
  while (end < longest - start && one.at(-1 - end) === two.at(-1 - end)) end += 1;
  return {
    before: one.slice(0, start).join(''),
    differs: one.slice(start, one.length - end).join(''),
    after: one.slice(one.length - end).join(''),
  };
}
