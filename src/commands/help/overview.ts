import type { Command } from '../command.ts';
import { subjectOf } from '../understand-call.ts';
import { callOf } from './command-page.ts';
import { wrapped } from './wrap.ts';

/** The headings of the overview, and the first words of the commands below each. */
const HEADINGS: Readonly<Record<string, readonly string[]>> = {
  'Changing registrations': ['plan', 'apply', 'seed', 'drift', 'export'],
  'Clients, instances, people': ['client', 'listnr', 'instance', 'person'],
  'Why something failed': ['explain', 'doctor', 'audit', 'deliveries'],
  'Trying a client': ['preview', 'flow'],
  'Keys and secrets': ['keys', 'seal', 'password'],
  'The database': ['migrate', 'database'],
  'This command line': ['completion', 'help'],
};

/** A short list of all commands by subject. */
export function overview(commands: readonly Command[]): string {
  const known = Object.values(HEADINGS).flat();
  const parts = Object.entries({
    ...HEADINGS,
    Others: commands.map(subjectOf).filter((subject) => !known.includes(subject)),
  }).flatMap(([heading, subjects]) => {
    const about = commands
      .filter((command) => subjects.includes(subjectOf(command)))
      .toSorted((one, other) => subjects.indexOf(subjectOf(one)) - subjects.indexOf(subjectOf(other)));
    return about.length === 0 ? [] : [[heading, about] as const];
  });
  const width = Math.max(...commands.map((command) => shortCall(command).length));
  return [
    'Usage: npx listo COMMAND (in the image: listo COMMAND)',
    ...parts.map(([heading, about]) =>
      [
        `${heading}:`,
        ...about.map((command) => `  ${shortCall(command).padEnd(width)}  ${brief(command)}`),
      ].join('\n'),
    ),
    'One command, with its options and an example: npx listo COMMAND --help',
  ].join('\n\n');
}

/** The calls of commands about one thing, with their summaries. */
export function aboutSubject(subject: string, commands: readonly Command[]): string {
  const about = commands.filter((command) => subjectOf(command) === subject);
  return [
    about
      .map((command) =>
        [`  ${callOf(command)}`, indented(wrapped(command.summary, { indent: 6 }))].join('\n'),
      )
      .join('\n'),
    'All commands: npx listo help',
  ].join('\n\n');
}

function shortCall({ name, operands }: Command): string {
  return [name, ...operands].join(' ');
}

const WIDEST = 70;

/** The beginning of the summary, up to where it goes into details. */
function brief({ summary }: Command): string {
  const sentence = summary.replace(/[.;:] .*$|\.$/s, '');
  const comma = sentence.lastIndexOf(', ', WIDEST);
  return sentence.length > WIDEST && comma > 0 ? sentence.slice(0, comma) : sentence;
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, ' '.repeat(6));
}
