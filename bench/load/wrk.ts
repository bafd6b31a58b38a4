import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Refusal } from '../../scripts/refusal.ts';

const SCRIPT = fileURLToPath(new URL('./play.lua', import.meta.url));

/** The expected answer: its status, and a Lua pattern for its body or `Location`. */
export interface Expected {
  status: number;
  place?: 'body' | 'location';
  marker: string;
}

/** A load: requests in a file, their order, and the expected answer. */
export interface Play {
  requests: string;
  order: 'loop' | 'once' | 'chain';
  /** For `chain`: the first refresh tokens, one on each line. */
  tokens?: string;
  expected: Expected;
  /** The file for the codes or bodies of the answers. */
  collect?: string;
}

export interface Load {
  base: string;
  seconds: number;
  connections: number;
  threads: number;
}

/** One thread of wrk makes more load than four cores can answer. */
export function generatorThreads(cores: number): number {
  return Math.max(1, Math.floor(cores / 4));
}

/** The figures from wrk. Latency is of a closed loop: a connection sends its next request after an answer. */
export interface Played {
  requests: number;
  seconds: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  socketErrors: number;
  timeouts: number;
  /** The first unexpected answer, without anything that could be a token. */
  wrong: string | null;
  /** True when the requests ran out before the time. */
  exhausted: boolean;
}

/** @throws Refusal when an answer was wrong, or wrk is missing. */
export async function play(what: Play, { base, seconds, connections, threads }: Load): Promise<Played> {
  const { expected } = what;
  const told = {
    requests: what.requests,
    order: what.order,
    threads,
    status: expected.status,
    place: expected.place ?? 'body',
    marker: expected.marker,
    ...(what.tokens ? { tokens: what.tokens } : {}),
    ...(what.collect ? { collect: what.collect } : {}),
  };
  const output = await runWrk([
    ...['--threads', String(threads), '--connections', String(connections), '--duration', `${seconds}s`],
    ...['--timeout', '30s', '--script', SCRIPT, base, '--'],
    ...Object.entries(told).map(([name, value]) => `${name}=${value}`),
  ]);
  return parsePlayed(output);
}

/**
 * Reads the final output of play.lua.
 * @throws Refusal that names the first unexpected answer.
 */
export function parsePlayed(output: string): Played {
  const [, text] = /^result (\{.*\})$/m.exec(output) ?? [];
  if (!text) throw new Refusal(`wrk did not finish:\n${output.trim().slice(-1000)}`);
  const played = JSON.parse(text) as Played;
  if (played.wrong !== null) throw new Refusal(`Nothing is reported, for ${played.wrong}`);
  if (played.socketErrors > 0 || played.timeouts > 0)
    throw new Refusal(
      `Nothing is reported, for ${played.socketErrors} connections failed and ${played.timeouts} requests were not answered within 30 s.`,
    );
  if (played.requests === 0 && !played.exhausted)
    throw new Refusal('Nothing is reported, for nothing was answered.');
  return played;
}

function runWrk(options: string[]): Promise<string> {
  return new Promise((done, failed) => {
    const child = spawn('wrk', options, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        output += chunk;
      });
    child.once('error', () =>
      failed(new Refusal('wrk is missing, which makes the load: on Debian, apt-get install wrk.')),
    );
    child.once('close', () => done(output));
  });
}
