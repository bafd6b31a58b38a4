import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { Pair } from '../machines/patroni.ts';

/** Records when Postgres itself, without any server of ours, commits writes. */
export interface WriteProbe {
  /** The longest time without a commit after `since`. `until` is its end, or `since` if there was none worth noting. */
  outage(since: number): { ms: number; until: number };
  /** Resolves with the next commit after now. @throws when there is none. */
  next(): Promise<void>;
  stop(): void;
}

interface Commit {
  startedAt: number;
  endedAt: number;
}

const EVERY_MS = 100;
const GIVE_UP_MS = 1000;
/** The time limit for orders that must succeed on a busy machine. */
const ORDER_MS = 30_000;
/** A shorter pause is a busy machine, not an outage. */
const NOTEWORTHY_MS = 700;
const NEXT_MS = 180_000;
const DATABASE = 'probe';

export async function startWriteProbe(pair: Pair): Promise<WriteProbe> {
  const { port } = await pair.leader();
  await once(pair, port, 'postgres', `CREATE DATABASE ${DATABASE}`);
  await once(pair, port, DATABASE, 'CREATE TABLE beat AS SELECT now() AS at');
  const commits: Commit[] = [];
  let isOver = false;
  for (const node of pair.nodes)
    void keepWriting(pair, node.port, () => isOver, commits).catch((error) => {
      throw error;
    });
  return {
    outage(since) {
      const times = [...commits.map(({ endedAt }) => endedAt), performance.now()].toSorted((a, b) => a - b);
      const before = times.findLast((time) => time <= since) ?? since;
      const after = [before, ...times.filter((time) => time > since)];
      const gaps = after.slice(1).map((until, n) => ({ ms: until - (after[n] ?? since), until }));
      const longest = gaps.toSorted((a, b) => b.ms - a.ms)[0] ?? { ms: 0, until: since };
      return longest.ms < NOTEWORTHY_MS ? { ms: 0, until: since } : longest;
    },
    async next() {
      const [from, deadline] = [performance.now(), performance.now() + NEXT_MS];
      // A commit that was sent before may also have been made before.
      while (!commits.some(({ startedAt }) => startedAt >= from)) {
        if (performance.now() > deadline) throw new Error('Postgres took no write any more.');
        await pause(EVERY_MS);
      }
    },
    stop() {
      isOver = true;
    },
  };
}

async function keepWriting(
  pair: Pair,
  port: number,
  isOver: () => boolean,
  commits: Commit[],
): Promise<void> {
  let client: pg.Client | undefined;
  while (!isOver()) {
    await pause(EVERY_MS);
    try {
      const startedAt = performance.now();
      client ??= await open(pair, { port, database: DATABASE, patienceMs: GIVE_UP_MS });
      await client.query('UPDATE beat SET at = now()');
      commits.push({ startedAt, endedAt: performance.now() });
    } catch {
      // The node is away, silent, or not the primary: the next try uses a new connection.
      client?.end().catch(() => {});
      client = undefined;
    }
  }
  client?.end().catch(() => {});
}

/** Runs one statement on one node as its superuser. */
export async function once(pair: Pair, port: number, database: string, sql: string): Promise<void> {
  const client = await open(pair, { port, database, patienceMs: ORDER_MS });
  await client.query(sql).finally(() => client.end());
}

async function open(
  { user, password }: Pair,
  { port, database, patienceMs }: { port: number; database: string; patienceMs: number },
): Promise<pg.Client> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user,
    password,
    database,
    connectionTimeoutMillis: patienceMs,
    query_timeout: patienceMs,
  });
  client.on('error', () => {});
  await client.connect();
  return client;
}
