import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTestDatabase, type TestDatabase } from '../support/databases/test-database.ts';
import { runOn } from '../support/registrations/command-line.ts';

let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  database = await openTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'listo-completion-'));
  for (const name of ['acme.sql', 'globex.sql']) writeFileSync(join(folder, name), '');
  for (const shell of ['bash', 'zsh']) {
    const { code, out } = await runOn(database, ['completion', shell]);
    expect(code).toBe(0);
    writeFileSync(join(folder, `script.${shell}`), `${out.join('\n')}\n`);
  }
});
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

/** Everything that these tests type, and what the shell offers for the last word. */
const OFFERS: [string[], string[]][] = [
  [['key'], ['keys']],
  [
    ['keys', ''],
    ['drop', 'list', 'reseal', 'rotate'],
  ],
  [
    ['keys', 'rotate', ''],
    ['listnr', 'oidc'],
  ],
  [
    ['keys', 'rotate', 'oidc', '--'],
    ['--compromised', '--help', '--json'],
  ],
  [['keys', 'rotate', '--json', 'o'], ['oidc']],
  [['keys', 'list', 'oidc', ''], []],
  [
    ['client', 's'],
    ['secret', 'show'],
  ],
  [
    ['client', 'secret', ''],
    ['add', 'list', 'revoke'],
  ],
  [
    ['client', 'secret', 'add', 'acme-portal', '--kind', ''],
    ['listnr', 'listo'],
  ],
  [['client', 'secret', 'add', '--name', 'list', 'acme-portal', '--k'], ['--kind']],
  [['deliveries', 'list', '--state', 'g'], ['given_up']],
  [['audit', 'e'], ['events']],
  [['seed', 'ac'], ['acme.sql']],
  [['help', 'client', 'secret', 'r'], ['revoke']],
  [
    ['completion', ''],
    ['bash', 'zsh'],
  ],
  [['hunter2', ''], []],
];

/** Sets the words as bash does when somebody presses Tab, and prints what the function offers. */
const IN_BASH = `source "$0"; COMP_WORDS=(listo "$@"); COMP_CWORD=$#; _listo; printf '%s\\n' "\${COMPREPLY[@]}"`;

/** Does the same for zsh. The three functions that come with its own completion print instead. */
const IN_ZSH = `
compdef() { :; }
_files() { print -l -- $current*(N); }
_describe() { print -l -- \${(M)\${(P)2}:#$current*}; }
source $0
words=(listo "$@"); CURRENT=\${#words}; _listo`;

function offered(shell: 'bash' | 'zsh', typed: readonly string[]): string[] {
  const program = shell === 'bash' ? ['--norc', '-c', IN_BASH] : ['-f', '-c', IN_ZSH];
  const script = join(folder, `script.${shell}`);
  const { stdout, stderr, error } = spawnSync(shell, [...program, script, ...typed], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (error) throw error;
  expect(stderr).toBe('');
  // In zsh, a word is followed by what it means.
  return stdout
    .split('\n')
    .map((line) => line.replace(/:.*/, ''))
    .filter(Boolean)
    .toSorted();
}

/** A developer may have no zsh; the checks of a change have it. */
const SHELLS: ('bash' | 'zsh')[] =
  process.env.CI || spawnSync('zsh', ['--version']).error === undefined ? ['bash', 'zsh'] : ['bash'];

describe.each(SHELLS)('completion in %s', (shell) => {
  it.each(OFFERS)('offers for %j', (typed, words) => {
    expect(offered(shell, typed)).toEqual(words);
  });
});

describe('completion', () => {
  it('knows bash and zsh', async () => {
    expect(await runOn(database, ['completion', 'fish'])).toEqual({
      code: 1,
      out: [],
      err: 'SHELL is bash or zsh.\n',
    });
  });
});
