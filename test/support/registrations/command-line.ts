import { PassThrough } from 'node:stream';
import type { CommandContext } from '../../../src/commands/command.ts';
import { runCommand } from '../../../src/commands/run-command.ts';
import { serverSettings } from '../../../src/config.ts';
import { DEFAULT_COST } from '../../../src/platform/secrets/digest.ts';
import { systemClock } from '../../../src/platform/time/clock.ts';
import type { TestDatabase } from '../databases/test-database.ts';

export const TEST_SETTINGS = {
  keyEncryptionKeys: [Buffer.alloc(32, 7)],
  keyEncryptionKeyGiven: true,
  keyRotation: { periodSeconds: 1000, publicationSeconds: 100, retirementSeconds: 500 },
  rsaBits: 2048,
};

/** A complete environment, with the same keys. */
export const TEST_ENVIRONMENT = {
  ISSUER: 'https://login.example',
  COOKIE_KEYS: 'test-cookie-key-0123456789-0123456789-01',
  KEY_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
  REFRESH_TOKEN_KEYS: 'test-refresh-token-key-0123456789-0123-01',
};

export interface Run {
  code: number;
  /** Lines of standard output. */
  out: string[];
  /** Standard error. */
  err: string;
}

/** Runs `npx listo …` in this process, on a database that stays open. */
export async function runOn(
  database: TestDatabase,
  words: readonly string[],
  context: Partial<CommandContext> = {},
): Promise<Run> {
  const out: string[] = [];
  let err = '';
  const code = await runCommand(words, {
    input: new PassThrough().end(),
    ask: undefined,
    clock: systemClock,
    print: (line) => void out.push(line),
    say: (text) => {
      err += text;
    },
    issuer: () => 'https://login.example',
    listnr: () => ({ listnrIssuer: 'https://login.example', environment: 'dev' }),
    keys: () => TEST_SETTINGS,
    mail: () => ({
      issuer: 'https://login.example',
      keyEncryptionKeys: TEST_SETTINGS.keyEncryptionKeys,
      isSent: true,
    }),
    passwords: () => ({
      cost: DEFAULT_COST,
      rangeUrl: undefined,
      outbound: { networks: [], loopback: true },
    }),
    server: () => serverSettings(TEST_ENVIRONMENT),
    openDatabase: async () => ({ ...database, close: async () => undefined }),
    ...context,
  });
  return { code, out, err };
}
