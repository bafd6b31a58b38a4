import type { Command } from '../command.ts';
import { SHARED_WORDS } from './shared-words.ts';
import { filled, wrapped } from './wrap.ts';

/** Begins each call that a person reads. */
const PROGRAM = 'npx listo';
const COLUMN = 2;

/** All that there is to know of one command. `others`: the names of those about the same. */
export function commandPage(command: Command, others: readonly string[]): string {
  const { summary, help, examples = [] } = command;
  return [
    `Usage: ${PROGRAM} ${callOf(command)}`,
    wrapped(summary),
    wordsOf(command).join('\n'),
    help === undefined ? '' : filled(help.trimEnd()),
    examples.length === 0
      ? ''
      : ['For example:', ...examples.map((call) => `  ${PROGRAM} ${call}`)].join('\n'),
    others.length === 0 ? '' : wrapped(`See also: ${others.join(', ')}`),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** The call with its operands and options. */
export function callOf({ name, operands, options = {}, switches = [] }: Command): string {
  const valued = Object.entries(options).map(([option, value]) => `[--${option} ${value}]`);
  return [name, ...operands, ...valued, ...switches.map((option) => `[--${option}]`)].join(' ');
}

/** The sentence for an operand or option, by its own name. */
export function sentenceFor({ words = {} }: Command, name: string): string | undefined {
  return words[name] ?? SHARED_WORDS[name];
}

/** The name of an operand without the marks that say whether it may be missing, or repeated. */
export function operandName(operand: string): string {
  return operand.replace(/^\[|[\]…]/g, '');
}

/** A line for each operand and option, or more where its sentence is long. */
function wordsOf(command: Command): string[] {
  const { operands, options = {}, switches = [], choices = {} } = command;
  const rows = [
    ...operands.map(operandName).map((name) => [name, name] as const),
    ...Object.entries(options).map(([name, value]) => [`--${name} ${value}`, name] as const),
    ...switches.map((name) => [`--${name}`, name] as const),
  ].map(([shown, name]) => {
    const few = choices[name] === undefined ? '' : ` One of ${choices[name].join(', ')}.`;
    return [shown, `${sentenceFor(command, name) ?? ''}${few}`.trim()] as const;
  });
  const width = Math.max(0, ...rows.map(([shown]) => shown.length)) + 2 * COLUMN;
  return rows.flatMap(([shown, sentence]) => {
    const [first = '', ...more] = wrapped(sentence, { indent: width }).split('\n');
    return [
      `  ${shown.padEnd(width - COLUMN)}${first}`,
      ...more.map((line) => `${' '.repeat(width)}${line}`),
    ];
  });
}
