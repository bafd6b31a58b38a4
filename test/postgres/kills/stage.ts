import { createHash } from 'node:crypto';
import { freePort } from '../../../scripts/free-port.ts';
import { layWire, type Wire } from '../../machines/wire.ts';
import { type Browser, openBrowser } from '../../support/browsers/browser.ts';
import { type Answer, obtainCode, postJson, type Tokens } from '../../support/clients/relying-party.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';
import { aClient, type TestClient } from '../../support/registrations/factories.ts';
import { type ServerProcess, startServerProcess } from '../../support/servers/server-process.ts';
import { withoutChance } from '../../tokens/recorder.ts';
import { type Statement, type Statements, statementsOn } from './statements.ts';

const SEEDS_DIR = new URL('../../../config/seeds', import.meta.url).pathname;
const INSTANTS = new URL('instants.ts', import.meta.url).href;

export const WAYS = ['short', 'long'] as const;
export type WayName = (typeof WAYS)[number];

/** The requests that a fault meets together. Each has a client of its own. */
export const OPERATIONS = ['exchange', 'refresh, 0 s', 'refresh, 120 s', 'replay, 120 s'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** A server process behind a wire to Postgres. */
export interface FaultyServer {
  url: string;
  process: ServerProcess;
  wire: Wire;
  statements: Statements;
  /** The address of its metrics. */
  metrics: string;
  close(): Promise<void>;
}

/** A request that is ready to be sent, with the code or token of a sign-in of its own. */
export interface Prepared {
  statement: Statement;
  /** `instant` is what happens in the process (instants.ts). */
  send(url: string, instant?: string): Promise<Answer>;
  refreshWith(token: string, url: string): Promise<Answer>;
  client: TestClient;
}

export interface Stage {
  database: TestDatabase;
  databasePort: number;
  /** Servers that nothing happens to, one for each way. */
  calm: Record<WayName, ServerProcess>;
  startFaulty(way: WayName): Promise<FaultyServer>;
  prepare(): Promise<Record<Operation, Prepared>>;
  /** Everything that the database has of a request's client, without what differs by chance. */
  rowsOf(request: Prepared): Promise<unknown>;
  close(): Promise<void>;
}

const DIRECT = { short: 'all', long: 'none' } as const;

export async function openStage(): Promise<Stage> {
  const database = await openTestDatabase();
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const settings = (way: WayName) => ({ ISSUER: issuer, SEEDS_DIR, DIRECT: DIRECT[way] });
  const short = await startServerProcess(database.url ?? '', { ...settings('short'), PORT: String(port) });
  const long = await startServerProcess(database.url ?? '', settings('long'));
  const browser = openBrowser();
  const clients = {} as Record<Operation, TestClient>;
  for (const operation of OPERATIONS)
    clients[operation] = await aClient(
      { database },
      { refresh_replay_window_seconds: operation === 'refresh, 0 s' ? 0 : 120 },
    );
  return {
    database,
    databasePort: Number(new URL(database.url ?? '').port),
    calm: { short, long },
    startFaulty: (way) => startFaulty(database.url ?? '', settings(way)),
    async prepare() {
      await database
        .knex('grants')
        .whereIn(
          'client_id',
          Object.values(clients).map(({ client_id }) => client_id),
        )
        .delete();
      const made = {} as Record<Operation, Prepared>;
      for (const operation of OPERATIONS)
        made[operation] = await prepared(operation, { issuer, browser, client: clients[operation] });
      return made;
    },
    rowsOf: ({ client }) => rowsOf(database, client, issuer),
    async close() {
      await Promise.all([short.stop(), long.stop()]);
      await database.close();
    },
  };
}

async function startFaulty(databaseUrl: string, settings: Record<string, string>): Promise<FaultyServer> {
  const direct = new URL(databaseUrl);
  const wire = await layWire(Number(direct.port));
  const statements = statementsOn(wire);
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${wire.port}`;
  const internal = await freePort();
  const process = await startServerProcess(url.href, {
    ...settings,
    INTERNAL_PORT: String(internal),
    NODE_OPTIONS: `--no-warnings --import ${INSTANTS}`,
  });
  return {
    url: process.url,
    process,
    wire,
    statements,
    metrics: `http://localhost:${internal}/metrics`,
    async close() {
      wire.watch(undefined);
      await process.stop();
      wire.close();
    },
  };
}

async function prepared(
  operation: Operation,
  { issuer, browser, client }: { issuer: string; browser: Browser; client: TestClient },
): Promise<Prepared> {
  const { client_id, client_secret, redirect_uri } = client;
  const ask = (fields: Record<string, string>) => (url: string, instant?: string) =>
    postJson(
      `${url}/auth/token`,
      { client_id, client_secret, ...fields },
      instant === undefined ? {} : { 'x-instant': instant },
    );
  const code = await obtainCode(issuer, { client_id, redirect_uri }, browser);
  const exchange = ask({ grant_type: 'authorization_code', code, redirect_uri });
  const refreshWith = (refresh_token: string, url: string) =>
    ask({ grant_type: 'refresh_token', refresh_token })(url);
  if (operation === 'exchange')
    return {
      client,
      refreshWith,
      statement: { name: 'redeem_authorization_code', value: createHash('sha256').update(code).digest() },
      send: exchange,
    };
  const { body } = await exchange(issuer);
  const token = String((body as unknown as Tokens).refresh_token);
  const refresh = ask({ grant_type: 'refresh_token', refresh_token: token });
  const isReplay = operation === 'replay, 120 s';
  if (isReplay) await refresh(issuer);
  return {
    client,
    refreshWith,
    statement: {
      name: isReplay ? 'find_refresh_family' : 'rotate_refresh_family',
      value: Buffer.from(token.split('.')[0] ?? '', 'base64url'),
    },
    send: refresh,
  };
}

async function rowsOf({ knex }: TestDatabase, { client_id }: TestClient, issuer: string): Promise<unknown> {
  const { rows } = await knex.raw(
    `SELECT (SELECT count(*)::integer FROM used_proofs) AS proofs,
            (SELECT count(*)::integer FROM revoked_access_tokens) AS revoked,
            g.payload AS grant, a.model, a.consumed_at IS NOT NULL AS used, a.payload AS code,
            f.sequence, f.payload AS family
     FROM grants g LEFT JOIN artifacts a ON a.grant_id = g.id LEFT JOIN refresh_families f ON f.grant_id = g.id
     WHERE g.client_id = ?`,
    [client_id],
  );
  return withoutChance(rows, issuer);
}
