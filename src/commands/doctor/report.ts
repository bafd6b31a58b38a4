import { printable } from '../../platform/log/printable.ts';
import { formatTable } from '../format-table.ts';
import { wrapped } from '../help/wrap.ts';
import type { Finding, Outcome } from './finding.ts';

/** The outcomes as a person reads them: a line for each check, then every finding with its remedy. */
export function reportOf(outcomes: readonly Outcome[]): string {
  const findings = outcomes.flatMap((outcome) => outcome.findings);
  return [
    formatTable(outcomes.map((outcome) => [outcome.check, inWords(outcome)])).join('\n'),
    ...findings.map((finding, n) => explained(finding, n + 1)),
    summaryOf(findings.length),
  ].join('\n\n');
}

function inWords({ findings, facts, notChecked }: Outcome): string {
  if (notChecked !== undefined) return `not checked: ${shown(notChecked)}`;
  const seen = facts.length === 0 ? '' : `: ${shown(facts.join(', '))}`;
  if (findings.length === 0) return `fine${seen}`;
  return `${findings.length === 1 ? 'one finding' : `${findings.length} findings`}${seen}`;
}

function explained({ name, sentence, remedy }: Finding, number: number): string {
  const lines = sentence.split('\n').map((line) => wrapped(shown(line), { indent: 3 }));
  return [
    `${number}. ${name}`,
    ...lines,
    `Do: ${wrapped(shown(remedy), { indent: 7 }).replaceAll('\n', '\n    ')}`,
  ]
    .join('\n')
    .replaceAll('\n', '\n   ');
}

function summaryOf(count: number): string {
  if (count === 0) return 'Nothing is wrong.';
  return count === 1 ? 'One finding.' : `${count} findings.`;
}

const LONGEST = 2000;

/** Some of it comes from others: a certificate, an answer, a row. */
function shown(text: string): string {
  return printable(text, LONGEST);
}

/** The same for programs. */
export function membersOf(outcomes: readonly Outcome[]): object {
  return {
    checks: outcomes.map(({ check, findings, facts, notChecked }) => ({
      check,
      outcome: notChecked !== undefined ? 'not_checked' : findings.length > 0 ? 'findings' : 'fine',
      facts,
      ...(notChecked === undefined ? {} : { why: notChecked }),
    })),
    findings: outcomes.flatMap(({ check, findings }) => findings.map((finding) => ({ check, ...finding }))),
  };
}
