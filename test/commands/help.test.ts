import type { Command } from '../../src/commands/command.ts';
import { operandName, sentenceFor } from '../../src/commands/help/command-page.ts';
import { overview } from '../../src/commands/help/overview.ts';
import { COMMANDS } from '../../src/commands/run-command.ts';
import { understandCall } from '../../src/commands/understand-call.ts';
import { openTestDatabase, type TestDatabase } from '../support/databases/test-database.ts';
import { runOn } from '../support/registrations/command-line.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

const help = async (...words: string[]) => {
  const { code, out, err } = await runOn(database, words);
  return { code, err, text: out.join('\n') };
};

const REVOKE = `Usage: npx listo client secret revoke CLIENT_ID NAME [--kind KIND] [--json]

End a secret of a client. The last one stays: add the next one first.

  CLIENT_ID    The id of the client, of Sign in with Listo or of LiSTNR.
  NAME         The name of the secret, as the list shows it; never the secret itself.
  --kind KIND  Which service, where both have a client with this id. One of listo, listnr.
  --json       Print JSON, for programs.

For example:
  npx listo client secret revoke acme-portal 2026-01-31`;

/** Every operand and option of a command, by its own name. */
function wordsOf({ operands, options = {}, switches = [] }: Command): string[] {
  return [...operands.map(operandName), ...Object.keys(options), ...switches];
}

describe('the help', () => {
  it.each([
    [['client', 'secret', 'revoke', '--help']],
    [['client', 'secret', 'revoke', 'acme-portal', '-h']],
    [['help', 'client', 'secret', 'revoke']],
  ])('explains one command alone for %j', async (words) => {
    const { code, err, text } = await help(...words);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(text.slice(0, REVOKE.length)).toBe(REVOKE);
    expect(text.slice(REVOKE.length)).toMatch(
      /^\n\nSee also: client secret, client secret add, client secret list,/,
    );
  });

  it.each([[['help']], [['--help']], [['-h']]])('lists the commands by subject for %j', async (words) => {
    const { code, text } = await help(...words);
    expect({ code, text }).toEqual({ code: 0, text: overview(COMMANDS) });
    expect(text).toMatch(/^Usage: npx listo COMMAND/);
    expect(text).toContain('\n\nKeys and secrets:\n  keys list SET');
    expect(text).not.toContain('Others:');
    for (const { name } of COMMANDS) expect(text).toContain(`\n  ${name} `);
  });

  it.each([[['help', 'keys']], [['keys', '--help']]])(
    'tells of all about one thing for %j',
    async (words) => {
      const { code, text } = await help(...words);
      expect(code).toBe(0);
      expect(text.split('\n').filter((line) => /^ {2}\S/.test(line))).toEqual([
        '  keys list SET [--json]',
        '  keys rotate SET [--compromised] [--json]',
        '  keys drop SET KID [--json]',
        '  keys reseal [--json]',
      ]);
    },
  );

  it.each([
    [['help', 'client', 'lst'], 'There is no such command. Perhaps client list is meant.'],
    [['help', 'hunter2'], 'There is no such command.'],
    [['help', '--json'], 'help takes no --json.'],
  ])('answers 2 for %j', async (words, mistake) => {
    const { code, err } = await help(...words);
    expect({ code, said: err.split('\n')[0] }).toEqual({ code: 2, said: mistake });
  });
});

describe('every command', () => {
  it.each(COMMANDS.map((command) => [command.name, command] as const))(
    '%s has a sentence for each operand and option, and none for others',
    (_name, command) => {
      const words = wordsOf(command);
      expect(words.filter((word) => !sentenceFor(command, word))).toEqual([]);
      expect(
        Object.keys({ ...command.words, ...command.choices }).filter((word) => !words.includes(word)),
      ).toEqual([]);
    },
  );

  it.each(COMMANDS.map((command) => [command.name, command] as const))(
    '%s has an example that calls it',
    (_name, command) => {
      expect(command.examples?.length).toBeGreaterThan(0);
      for (const example of command.examples ?? []) {
        const words = [...example.matchAll(/"([^"]*)"|(\S+)/g)].map(
          ([, quoted, plain]) => quoted ?? plain ?? '',
        );
        const call = understandCall(words, COMMANDS);
        expect('mistake' in call ? call.mistake : 'understood').toBe('understood');
        if (command.name !== 'help') expect(call).toMatchObject({ command });
      }
    },
  );

  it('prints JSON, where it prints a result', () => {
    const plain = COMMANDS.filter(({ switches = [] }) => !switches.includes('json'));
    expect(plain.map(({ name }) => name)).toEqual(['completion', 'help']);
  });

  it('has a page whose lines a terminal of 100 columns shows whole', async () => {
    for (const { name } of COMMANDS) {
      const { text } = await help('help', ...name.split(' '));
      const long = text.split('\n').filter((line) => line.length > 100 && !/^Usage: |^ {2}npx /.test(line));
      expect({ name, long }).toEqual({ name, long: [] });
    }
  });
});
