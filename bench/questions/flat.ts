/**
 * `npm run bench:flat -- --sign-ins 1000 --refreshes 1000`: people sign in, and each sign-in is refreshed many times.
 * Afterwards there must be exactly one row for each sign-in, and the last refreshes must be as fast as the first.
 */
import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { Client } from 'pg';
import { Refusal } from '../../scripts/refusal.ts';
import { exchange, makeCodes, tokenRequest } from '../load/material.ts';
import type { Request } from '../load/request.ts';
import { wholeNumber } from '../options.ts';
import { progress, runProgram } from '../program.ts';
import { percentile } from '../report/percentile.ts';
import { markdownTable } from '../report/table.ts';
import { connect } from '../set-up/cluster.ts';
import { type Own, signedInTarget, withGround, withServer } from '../set-up/own-server.ts';
import type { Target } from '../set-up/target.ts';
import { temporaryFolder } from '../set-up/temporary-folder.ts';

const { values } = parseArgs({
  options: {
    'sign-ins': { type: 'string', default: '1000' },
    refreshes: { type: 'string', default: '1000' },
    connections: { type: 'string', default: '32' },
    workers: { type: 'string', default: String(availableParallelism()) },
  },
});
const signIns = wholeNumber('sign-ins', values['sign-ins'], 1);
const refreshes = wholeNumber('refreshes', values.refreshes, 10);
const connections = wholeNumber('connections', values.connections, 1);
/** Refreshes before the first measured one, which warm up compilers and caches. */
const WARM_UP = 3000;
const TABLES = ['grants', 'refresh_families', 'sessions', 'artifacts'];

await runProgram(() =>
  withGround((ground) =>
    withServer(ground, { workers: wholeNumber('workers', values.workers, 1) }, (own) => measureFlatness(own)),
  ),
);

async function measureFlatness(own: Own): Promise<void> {
  const target = await signedInTarget(own, signIns);
  const database = await connect(own.cluster.url);
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const chains = await startChains(target, agent);
  // Each sign-in also left a code that nobody exchanged.
  await database.query('DELETE FROM grants WHERE id NOT IN (SELECT grant_id FROM refresh_families)');
  const before = await sizes(database);
  progress('Warming up ...');
  const warm = await refreshAll(target, agent, chains, Math.ceil(WARM_UP / chains.length));
  const started = performance.now();
  const { latencies } = await refreshAll(target, agent, warm.tokens, refreshes);
  const seconds = (performance.now() - started) / 1000;
  const after = await sizes(database);
  agent.destroy();
  await database.end();

  const rows = after.find(({ table }) => table === 'refresh_families')?.rows ?? 0;
  const tenth = Math.floor(latencies.length / 10);
  const [first, last] = [latencies.slice(0, tenth), latencies.slice(-tenth)];
  const compare = (share: number) => {
    const [early, late] = [percentile(first, share), percentile(last, share)];
    return [`${early.toFixed(1)} ms`, `${late.toFixed(1)} ms`, `${(late / early).toFixed(2)} ×`];
  };
  const sizeRows = after.map(({ table, rows, bytes }, n) => {
    const earlier = before[n];
    return [table, String(earlier?.rows), String(rows), megabytes(earlier?.bytes ?? 0), megabytes(bytes)];
  });
  process.stdout.write(
    [
      `${chains.length} sign-ins, each refreshed ${refreshes} times, by ${connections} connections: ${Math.round(latencies.length / seconds)} a second.`,
      markdownTable(['table', 'rows before', 'rows after', 'size before', 'size after'], sizeRows),
      markdownTable(
        ['latency', 'first tenth', 'last tenth', 'ratio'],
        [
          ['median', ...compare(0.5)],
          ['p99', ...compare(0.99)],
        ],
      ),
      `Rows in refresh_families: ${rows}, which is ${rows === chains.length ? 'one for each sign-in' : `NOT the ${chains.length} of the sign-ins`}.`,
      '',
    ].join('\n\n'),
  );
  if (rows !== chains.length) process.exitCode = 1;
}

/** The refresh token of each sign-in. */
async function startChains(target: Target, agent: Agent): Promise<string[]> {
  const { path: folder, remove } = temporaryFolder('requests');
  const codes = (await makeCodes({ target, folder, threads: 1 }, signIns)).slice(0, signIns);
  remove();
  const chains: string[] = [];
  for (const code of codes) chains.push(await refreshTokenOf(target, agent, exchange(target, code)));
  return chains;
}

/** Returns the latencies in milliseconds, in the order of the answers, and the final tokens. */
async function refreshAll(
  target: Target,
  agent: Agent,
  chains: readonly string[],
  rounds: number,
): Promise<{ latencies: number[]; tokens: string[] }> {
  const latencies: number[] = [];
  const tokens = [...chains];
  const total = chains.length * rounds;
  const every = Math.max(1, Math.floor(total / 10));
  // Each lane has its own chains, so that no chain is refreshed twice at once.
  const lane = async (number: number) => {
    for (let round = 0; round < rounds; round += 1) {
      for (let chain = number; chain < tokens.length; chain += connections) {
        const started = performance.now();
        const form = { grant_type: 'refresh_token', refresh_token: tokens[chain] ?? '' };
        tokens[chain] = await refreshTokenOf(target, agent, tokenRequest(target, form));
        latencies.push(performance.now() - started);
        if (latencies.length % every === 0) progress(`${latencies.length} of ${total} refreshes`);
      }
    }
  };
  await Promise.all(Array.from({ length: connections }, (_, number) => lane(number)));
  return { latencies, tokens };
}

/** The refresh token in an answer. @throws Refusal without the body, when there is none. */
async function refreshTokenOf(
  target: Target,
  agent: Agent,
  { url, headers, form }: Request,
): Promise<string> {
  const { pathname } = new URL(url);
  const sent = httpRequest(`${target.base}${pathname}`, {
    agent,
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' },
  });
  sent.end(String(new URLSearchParams(form)));
  const [answer] = await once(sent, 'response');
  let body = '';
  for await (const chunk of answer.setEncoding('utf8')) body += chunk;
  const { refresh_token, error } = JSON.parse(body) as { refresh_token?: string; error?: string };
  if (answer.statusCode !== 200 || !refresh_token)
    throw new Refusal(
      `Nothing is reported, for a token request was answered ${answer.statusCode} ${error ?? ''}.`,
    );
  return refresh_token;
}

interface Size {
  table: string;
  rows: number;
  bytes: number;
}

/** The sizes include indexes, and dead rows that are not yet vacuumed. */
async function sizes(database: Client): Promise<Size[]> {
  const found: Size[] = [];
  for (const table of TABLES) {
    const { rows } = await database.query(
      `SELECT count(*)::int AS rows, pg_total_relation_size('${table}')::float8 AS bytes FROM ${table}`,
    );
    found.push({ table, ...rows[0] });
  }
  return found;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
