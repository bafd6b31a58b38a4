/**
 * The server as an operator starts it: the bundle of the image with `NODE_ENV=production`, one process for each core, an
 * https issuer with TLS in front, and all secrets. Its log goes to a file, as it would to a journal. Only the limit
 * of requests for an address differs, because all load comes from one address.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Refusal } from '../../scripts/refusal.ts';
import { progress } from '../program.ts';
import { environmentPath, runsSources } from './environment.ts';
import { type Program, startProgram } from './program.ts';

export const ISSUER = 'https://login.bench.example';
/** This checkout. A comparison also starts the server of another one. */
export const HERE = fileURLToPath(new URL('../..', import.meta.url));

export interface ServerOptions {
  workers: number;
  environment: Record<string, string>;
  /** Options of Node itself, such as --cpu-prof. */
  nodeOptions?: readonly string[];
  /** The checkout with the server. */
  root?: string;
  /** The program of Node. */
  node?: string;
}

/** The options of Node for a program whose signatures cost nothing. */
export function signatureOptions({ constantSignatures = false }: { constantSignatures?: boolean }): string[] {
  return constantSignatures ? [`--import=${join(HERE, 'bench/set-up/constant-signatures.ts')}`] : [];
}

/** The image's start: the options of Node, and the variables that keep its memory small. */
function startOfImage(root: string): { options: readonly string[]; environment: Record<string, string> } {
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
  const memory = [...dockerfile.matchAll(/\b(MALLOC_\w+|GLIBC_TUNABLES)=(\S+)/g)].map(([, name, value]) => [
    name,
    value,
  ]);
  return {
    options: JSON.parse(/^CMD (.*)$/m.exec(dockerfile)?.[1] ?? '[]').slice(1, -1),
    environment: Object.fromEntries(memory),
  };
}

/** The production environment on this database. Its secrets are new. */
export function productionEnvironment(databaseUrl: string, root = HERE): Record<string, string> {
  const secret = () => randomBytes(32).toString('base64');
  return {
    PATH: environmentPath(),
    ...startOfImage(root).environment,
    NODE_ENV: 'production',
    ENVIRONMENT: 'production',
    ISSUER,
    DATABASE_URL: databaseUrl,
    COOKIE_KEYS: secret(),
    KEY_ENCRYPTION_KEY: secret(),
    REFRESH_TOKEN_KEYS: secret(),
    LOG_LEVEL: 'info',
    // Nobody needs to notice that it stops.
    DRAIN_SECONDS: '0',
    REQUESTS_PER_MINUTE: '0',
    FAILURES_PER_MINUTE: '0',
  };
}

/** Migrates the database, and registers the people and clients of the load. */
export function applySeed(environment: Record<string, string>, root = HERE): void {
  const command = [join(root, 'src/cli.ts'), 'seed', join(root, 'bench/set-up/seed.sql')];
  const { status, stderr } = spawnSync(process.execPath, command, {
    env: environment,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Refusal(`The seed of the benchmark was refused:\n${stderr.trim()}`);
}

const entries = new Map<string, string>();

/**
 * The file that starts the server of that checkout. The first time, it makes the bundle, which older commits do not have.
 */
function entryOf(root: string): string {
  const known = entries.get(root);
  if (known) return known;
  const bundle = join(root, 'scripts/bundle.ts');
  const entry = join(root, runsSources() || !existsSync(bundle) ? 'src/main.ts' : 'dist/main.js');
  if (entry.endsWith('.js')) {
    progress('Making the bundle ...');
    const { status, stderr } = spawnSync(process.execPath, [bundle], { encoding: 'utf8' });
    if (status !== 0) throw new Refusal(`The bundle could not be made:\n${stderr.trim()}`);
  }
  entries.set(root, entry);
  return entry;
}

/** @throws Refusal with the server's output when it does not become ready. */
export async function startServer({
  workers,
  environment,
  nodeOptions = [],
  root = HERE,
  node,
}: ServerOptions): Promise<Program> {
  const command = [...startOfImage(root).options, ...nodeOptions, entryOf(root)];
  return startProgram(command, { ...environment, WORKERS: String(workers) }, '/readyz', node);
}
