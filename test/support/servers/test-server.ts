import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import { freePort } from '../../../scripts/free-port.ts';
import type { Overrides } from '../../../src/compose.ts';
import { type Config, parseConfig } from '../../../src/config.ts';
import { createLogger } from '../../../src/platform/log/logger.ts';
import { applySeed } from '../../../src/platform/seeds/seed.ts';
import { SAME_CLOCK } from '../../../src/platform/time/database-time.ts';
import { type RunningServer, startServer } from '../../../src/server.ts';
import { moveDemo } from '../databases/templates.ts';
import { openTestDatabase, type TestDatabase } from '../databases/test-database.ts';

export interface TestServer extends RunningServer {
  /** The issuer, which is also the server's address: `http://localhost:<port>`. */
  url: string;
  database: TestDatabase;
  /** Every log line so far, parsed. */
  logLines(): Record<string, unknown>[];
  /** Applies SQL as an admin would, and reloads LiSTNR's clients. */
  seed(sql: string): Promise<void>;
}

export const TEST_SECRETS = {
  COOKIE_KEYS: 'test-cookie-key-0123456789-0123456789-01',
  KEY_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
  REFRESH_TOKEN_KEYS: 'test-refresh-token-key-0123456789-0123-01',
};

/** Tests stop and move the date, which the database does not know. */
const ONE_CLOCK = { ...SAME_CLOCK, measure: async () => {} };

/**
 * The real server on a free port, with its own database and the demo seed. Rate limits are off unless `env` sets
 * them.
 */
export async function startTestServer({
  env = {},
  config = {},
  overrides = {},
  onLog,
}: {
  env?: Record<string, string>;
  config?: Partial<Config>;
  overrides?: Overrides;
  /** Receives the log lines, which are then not kept. */
  onLog?: (text: string) => void;
} = {}): Promise<TestServer> {
  const port = await freePort();
  const parsed = parseConfig({
    PORT: String(port),
    HOST: 'localhost',
    REQUESTS_PER_MINUTE: '0',
    FAILURES_PER_MINUTE: '0',
    // The suite that runs on Postgres goes the long way (package.json).
    DIRECT: process.env.TEST_DIRECT ?? 'all',
    ...TEST_SECRETS,
    ...env,
  });
  const lines: string[] = [];
  const receive = onLog ?? ((text: string) => lines.push(text));
  const logger = createLogger({
    level: 'info',
    destination: new Writable({
      write(chunk, _encoding, done) {
        receive(String(chunk));
        done();
      },
    }),
  });
  const database = await openTestDatabase('demo');
  await moveDemo(database.knex, parsed.issuer);
  const seed = async (sql: string) => {
    await applySeed(database.knex, { name: 'test', sql, settings: { issuer: parsed.issuer } });
  };
  const server = await startServer(
    { ...parsed, demoSeed: false, ...config },
    {
      logger,
      database,
      overrides: { databaseTime: ONE_CLOCK, ...overrides },
    },
  );
  return {
    ...server,
    url: parsed.issuer,
    database,
    logLines: () => lines.flatMap((text) => text.trim().split('\n')).map((line) => JSON.parse(line)),
    async seed(sql) {
      await seed(sql);
      // A process does this within a second, when it sees the version that the change raised.
      await server.services.listnrClients.reload();
    },
  };
}

/** A name that no other test uses. */
export function unique(prefix: string): string {
  return `${prefix}-${randomBytes(4).toString('hex')}`;
}
