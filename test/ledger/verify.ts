import { decodeJwt } from 'jose';
import pg from 'pg';
import type { HonestClient } from './client.ts';
import { fingerprint, type Ledger } from './ledger.ts';
import type { Random } from './random.ts';
import { askUserinfo, introspect, refreshWith } from './requests.ts';
import type { Grant, World } from './world.ts';

/** The share of live sign-ins that are finally ended by presenting an old refresh token. */
const REUSED = 0.3;
const STALE_TOKENS = 3;

/**
 * When nothing breaks any more, reads the rows, then asks with every token that any client holds. The ledger gets the
 * results, and checks.ts finds violations in it.
 */
export async function verifyWorld(dependencies: {
  client: HonestClient;
  world: World;
  ledger: Ledger;
  random: Random;
  databaseUrl: string;
  concurrency: number;
}): Promise<void> {
  const { world, concurrency } = dependencies;
  await readFamilies(dependencies);
  const [live, dead] = [[...world.grants], [...world.ended]];
  await inParallel(live, concurrency, (grant) => verifyLive(grant, dependencies));
  await inParallel(dead, concurrency, (grant) => verifyDead(grant, dependencies));
}

async function readFamilies({
  world,
  ledger,
  databaseUrl,
}: {
  world: World;
  ledger: Ledger;
  databaseUrl: string;
}): Promise<void> {
  const database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  const { rows } = await database.query<{ grant_id: string; sequence: number }>(
    'SELECT grant_id, sequence FROM refresh_families',
  );
  await database.end();
  ledger.familiesReadAt = performance.now();
  const byGrant = Map.groupBy(rows, ({ grant_id }) => grant_id);
  for (const grant of [...world.grants, ...world.ended]) {
    const id = String(decodeJwt(grant.accessTokens.at(-1) ?? '').grant_id);
    const found = byGrant.get(id) ?? [];
    byGrant.delete(id);
    ledger.families.push({ grant: grant.id, rows: found.length, sequence: found[0]?.sequence });
  }
  ledger.orphans = byGrant.size;
}

async function verifyLive(
  grant: Grant,
  { client, world, random }: { client: HonestClient; world: World; random: Random },
): Promise<void> {
  const stale = grant.spent.slice(0, -1);
  for (const token of random.shuffle(stale).slice(0, STALE_TOKENS)) {
    const presented = fingerprint(token);
    await client.ask(
      { operation: 'introspection', grant: grant.id, presented, misuse: true },
      introspect(token),
    );
  }
  await useRefreshToken(grant, client, world);
  await useAccessTokens(grant, client);
  const [old] = stale;
  if (!old || !random.chance(REUSED)) return;
  const presented = fingerprint(old);
  await client.ask({ operation: 'refresh', grant: grant.id, presented, misuse: true }, refreshWith(old));
  await verifyDead(grant, { client, world });
}

async function verifyDead(
  grant: Grant,
  { client, world }: { client: HonestClient; world: World },
): Promise<void> {
  await useAccessTokens(grant, client);
  await useRefreshToken(grant, client, world);
}

async function useRefreshToken(grant: Grant, client: HonestClient, world: World): Promise<void> {
  const token = grant.refreshToken;
  const purpose = { operation: 'refresh', grant: grant.id, presented: fingerprint(token) } as const;
  const answer = await client.ask(purpose, refreshWith(token));
  if (answer?.reply.outcome === 'ok') world.renew(grant, answer.reply.body);
}

async function useAccessTokens(grant: Grant, client: HonestClient): Promise<void> {
  for (const token of grant.accessTokens) {
    const purpose = { operation: 'userinfo', grant: grant.id, presented: fingerprint(token) } as const;
    await client.ask(purpose, askUserinfo(token));
  }
}

async function inParallel<T>(items: T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const worker = async () => {
    for (let item = items.pop(); item !== undefined; item = items.pop()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
