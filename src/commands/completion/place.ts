import type { Command } from '../command.ts';
import { operandName } from '../help/command-page.ts';

/** A place of a command line that can be completed: which words may follow those before. */
export interface Place {
  /** The words so far: `client secret`; '' where nothing is typed. */
  words: string;
  /** Those that may follow, with what each leads to. */
  next: readonly Word[];
  /** The command that these words call, if they do. */
  command?: CommandPlace;
}

export interface CommandPlace {
  /** Options with a value, and its few choices or the kind of value. */
  options: readonly Word[];
  /** The values of an option that takes one of a few, by its name. */
  values: Readonly<Record<string, Values>>;
  /** The same of each operand, in their order. */
  operands: readonly Values[];
  /** Whether the last operand may be repeated. */
  repeats: boolean;
}

export interface Word {
  word: string;
  says: string;
}

/** One of a few words, the name of a file, or something that is not completed. */
export type Values = { words: readonly string[] } | 'files' | 'anything';

/** Operands and values that name a file or folder. */
const FILES = new Set(['FILE', 'FOLDER']);

/** Every place of the command line that can be completed. */
export function placesOf(commands: readonly Command[]): Place[] {
  const starts = new Set(['', ...commands.flatMap(({ name }) => beginningsOf(name))]);
  return [...starts].map((words) => {
    const command = commands.find(({ name }) => name === words);
    return { words, next: nextOf(words, commands), ...(command ? { command: placeOf(command) } : {}) };
  });
}

/** `client`, `client secret` and `client secret add`. */
function beginningsOf(name: string): string[] {
  const words = name.split(' ');
  return words.map((_, n) => words.slice(0, n + 1).join(' '));
}

function nextOf(words: string, commands: readonly Command[]): Word[] {
  const behind = words === '' ? '' : `${words} `;
  const found = new Map<string, string>();
  for (const { name, summary } of commands) {
    if (!name.startsWith(behind) || name === words) continue;
    const [word = '', ...more] = name.slice(behind.length).split(' ');
    if (more.length === 0) found.set(word, brief(summary));
    else if (!found.has(word)) found.set(word, `commands about ${behind}${word}`);
  }
  return [...found].map(([word, says]) => ({ word, says }));
}

function placeOf(command: Command): CommandPlace {
  const { operands, options = {}, switches = [], choices = {}, words = {} } = command;
  const valuesOf = (name: string, shown: string): Values => {
    if (choices[name]) return { words: choices[name] };
    return shown.split('|').some((one) => FILES.has(one)) ? 'files' : 'anything';
  };
  return {
    options: [...Object.keys(options), ...switches].map((name) => ({
      word: `--${name}`,
      says: brief(words[name] ?? ''),
    })),
    values: Object.fromEntries(Object.entries(options).map(([name, shown]) => [name, valuesOf(name, shown)])),
    operands: operands.map(operandName).map((name) => valuesOf(name, name)),
    repeats: operands.some((operand) => operand.includes('…')),
  };
}

/** The beginning of a sentence, for a list of words. */
function brief(sentence: string): string {
  return sentence.replace(/[.;:] .*$|[.:]$/s, '');
}
