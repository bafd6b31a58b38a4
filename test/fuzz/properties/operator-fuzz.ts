import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { COMMANDS } from '../../../src/commands/run-command.ts';
import { parseConfig, serverSettings } from '../../../src/config.ts';
import { OperatorError } from '../../../src/platform/errors.ts';
import type { TestDatabase } from '../../support/databases/test-database.ts';
import { runOn, TEST_ENVIRONMENT } from '../../support/registrations/command-line.ts';
import { TEST_SECRETS } from '../../support/servers/test-server.ts';
import type { Property } from '../property.ts';
import { text } from '../requests/values.ts';
import { STACK, type Watch } from '../watch.ts';

/** An environment and a command line hold no NUL, and are UTF-8. */
const osText = text.map((content) => content.replaceAll('\0', '').toWellFormed());

const folder = mkdtempSync(join(process.env.TEST_FOLDER ?? tmpdir(), 'fuzz-'));
const file = join(folder, 'file');
writeFileSync(file, 'a secret of more than thirty-two characters\n');

const SECRETS = ['COOKIE_KEYS', 'KEY_ENCRYPTION_KEY', 'REFRESH_TOKEN_KEYS', 'DATABASE_URL'];
const VARIABLES =
  `NODE_ENV ISSUER LISTNR_ISSUER ENVIRONMENT HOST PORT INTERNAL_PORT DATABASE_URL DATABASE_URL_FILE
  DATABASE_POOL_SIZE DATABASE_POOL_MIN DATABASE_CA WORKERS DRAIN_SECONDS LOG_LEVEL SEEDS_DIR TRUSTED_PROXIES
  OUTBOUND_NETWORKS REQUESTS_PER_MINUTE FAILURES_PER_MINUTE KEEP_ALIVE_SECONDS REQUEST_SECONDS RSA_KEY_BITS
  KEY_ROTATION_DAYS KEY_ROTATION_SECONDS KEY_PUBLICATION_SECONDS KEY_RETIREMENT_SECONDS HOUSEKEEPING_SECONDS COOKIE_KEYS
  COOKIE_KEYS_FILE KEY_ENCRYPTION_KEY KEY_ENCRYPTION_KEY_FILE REFRESH_TOKEN_KEYS REFRESH_TOKEN_KEYS_FILE`.split(
    /\s+/,
  );

const setting = fc.oneof(
  osText,
  fc.constantFrom(
    ...`0 1 -1 1e3 65535 65536 99999999999999999999 0x10 ٣ production prod dev localhost 127.0.0.1 [::1] https://a.example
      https://a.example/ https://a.example/path http://[::1]:0 https://%00 https://a..b https://xn--a https://a:99999
      postgres://a:b@c/d postgres://a:b@c:99999/d postgres:// postgresql://%zz@h/d host=a,b host='a
      postgres://a@h1:1,h2:2/d?sslmode=verify-full&target_session_attrs=any postgres://h/d?sslmode=x 10.0.0.0/8 ::/0
      10.0.0.0/33 1.2.3.4/ /proc /proc/self/mem /root/x`.split(/\s+/),
    ...[
      folder,
      file,
      `${file}/x`,
      join(folder, 'none'),
      join(folder, 'a'.repeat(300)),
      '/'.repeat(5000),
      ' ',
    ],
  ),
);

const environment = fc.dictionary(fc.constantFrom(...VARIABLES), setting, { maxKeys: 8 });

/** Any environment is a configuration, or is refused with a sentence for each mistake that repeats no secret. */
export function environmentsAreRead(watch: Pick<Watch, 'count'>): Property {
  return {
    name: 'environments',
    property: fc.asyncProperty(environment, async (variables) => {
      try {
        parseConfig({ DATA_DIR: folder, ...TEST_SECRETS, ...variables });
        watch.count('environment', 0);
      } catch (error) {
        watch.count('environment', 1);
        if (!(error instanceof OperatorError)) throw error;
        checkMistakes(error.message, variables);
      }
    }),
  };
}

function checkMistakes(message: string, variables: Readonly<Record<string, string>>): void {
  const open = Object.keys(variables).filter((name) => !SECRETS.includes(name));
  const secret = SECRETS.map((name) => variables[name] ?? '').find(
    (value) =>
      value.length > 24 && message.includes(value) && !open.some((name) => variables[name]?.includes(value)),
  );
  if (secret) throw new Error(`The message repeats ${secret}: ${message}`);
  const own = Object.values(variables).toSorted((a, b) => b.length - a.length);
  const words = own.reduce((rest, value) => rest.replaceAll(value || '\0', ''), message);
  if (!/^The configuration is wrong:\n {2}- [A-Z]/.test(message) || STACK.test(words))
    throw new Error(`The message does not help: ${message}`);
}

const NAMES = COMMANDS.flatMap(({ name }) => name.split(' '));
const OPTIONS = COMMANDS.flatMap(({ options = {}, switches = [] }) => [...Object.keys(options), ...switches]);
const word = fc.oneof(
  fc.constantFrom(...NAMES, ...OPTIONS.map((name) => `--${name}`), ...OPTIONS.map((name) => `--${name}=x`)),
  fc.constantFrom(
    ...`client_demo_web demo-service --help -h -- - --x --name= --expires=9999999 --days=-1 2026-01-01 --listnr -hh`.split(
      ' ',
    ),
    '',
    folder,
    file,
  ),
  osText,
);
/** `export` writes a folder of any name: below this one. */
const exported = join(folder, 'some/way/down');
const call = fc.oneof(
  fc.array(word, { maxLength: 7 }).map(exportBelow),
  fc
    .tuple(
      fc.constantFrom(...COMMANDS.filter(({ name }) => name !== 'keys rotate')),
      fc.array(word, { maxLength: 4 }),
    )
    .map(([{ name }, more]) => exportBelow([...name.split(' '), ...more])),
);

function exportBelow(words: readonly string[]): string[] {
  const begin = words.indexOf('export');
  const end = words.indexOf('--');
  const isOption = (word: string, at: number) => word.startsWith('--') && (end < 0 || at <= end);
  return words.map((word, at) =>
    begin < 0 || at <= begin || isOption(word, at) ? word : `${exported}/${word}`,
  );
}
const input = fc.oneof(
  osText,
  fc.constantFrom('', '\n', 'a\nb', 'a long enough secret, or password of somebody', '\ufeff'),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
);

/** Any call ends with 0, 1 or 2, and with a sentence unless it worked. */
export function callsAreUnderstood(database: TestDatabase, watch: Pick<Watch, 'count'>): Property {
  return {
    name: 'calls of commands',
    property: fc.asyncProperty(call, input, async (words, given) => {
      const { code, out, err } = await inFolder(() =>
        runOn(database, words, {
          input: new PassThrough().end(given),
          // Nobody listens there, so that no call leaves this machine.
          issuer: () => 'http://localhost:1',
          server: () => serverSettings({ ...TEST_ENVIRONMENT, ISSUER: 'http://localhost:1' }),
        }),
      );
      watch.count('command', code);
      if (![0, 1, 2].includes(code)) throw new Error(`It ended with ${code}`);
      // Some commands print what they found, and say so by their status.
      const found = code !== 0 && out.length > 0 && (err.trim() === '' || words.includes('flow'));
      if (code !== 0 && err.trim() === '' && !found)
        throw new Error(`It ended with ${code} and said nothing`);
      if (code === 2 && !found && !/\n\n(Usage: |All commands: npx listo help)/.test(err))
        throw new Error(`It does not say how to call it: ${err}`);
      if (STACK.test(err) || (code !== 0 && out.length > 0 && !found))
        throw new Error(`${code}: ${err}\n${out.join('\n')}`);
      const secret = typeof given === 'string' ? given.trim() : '';
      if (secret.length > 20 && err.includes(secret) && !words.some((word) => word.includes(secret)))
        throw new Error(`It repeats its input: ${err}`);
    }),
  };
}

/** Some commands write files: a name that is made up is one in the folder of the fuzz, and in no other. */
async function inFolder<T>(run: () => Promise<T>): Promise<T> {
  const before = process.cwd();
  process.chdir(folder);
  try {
    return await run();
  } finally {
    process.chdir(before);
  }
}
