import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../scripts/free-port.ts';
import { findBinaries } from '../../scripts/installed-postgres.ts';
import { getJson } from '../support/clients/relying-party.ts';
import { openTestDatabase, type TestDatabase } from '../support/databases/test-database.ts';
import { blocksAt, fillIn } from '../support/documents/blocks.ts';
import { openShell } from '../support/documents/shell.ts';
import { untilReady } from '../support/servers/server-process.ts';
import { TEST_SECRETS } from '../support/servers/test-server.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  database = await openTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'listo-documents-'));
  for (const [name, value] of Object.entries({ DATABASE_URL: database.url ?? '', ...TEST_SECRETS }))
    writeFileSync(join(folder, name.toLowerCase().replaceAll('_', '-')), `${value}\n`);
});
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

it('starts a server in production with the command of docs/operating.md, and stops it with SIGTERM', async () => {
  const [{ text }] = blocksAt('docs/operating.md#starting-it', 'sh');
  const port = String(await freePort());
  const child = spawn('bash', ['-c', fillIn(text, { '/run/secrets': folder })], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, PORT: port, DRAIN_SECONDS: '0' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output += chunk;
    });
  const exited = new Promise<number | null>((done) => child.once('exit', done));
  const url = `http://127.0.0.1:${port}`;
  try {
    await untilReady({ url, pid: child.pid ?? 0, output: () => output, exited, stop: () => exited });
    const { body } = await getJson(`${url}/.well-known/openid-configuration`);
    expect(body.issuer).toBe('https://login.example');
    expect(await probe(url)).toEqual({ '/healthz': 200, '/readyz': 200 });
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  } finally {
    child.kill('SIGKILL');
  }
});

it('applies a file with psql as docs/registering-clients.md says', async () => {
  const place = 'docs/registering-clients.md#an-instance-and-its-first-person';
  const sql = blocksAt(place, 'sql').map(({ text }) => text);
  writeFileSync(join(folder, 'acme.sql'), sql.join('\n'));
  const [{ text }] = blocksAt('docs/registering-clients.md#how-to-apply-a-registration', 'sh');
  const shell = openShell({
    cwd: folder,
    env: { PATH: `${findBinaries()}:${process.env.PATH}`, DATABASE_URL: database.url ?? '' },
  });
  await shell.run(text);
  shell.close();
  expect(await database.knex('worker_ids').pluck('worker_id')).toEqual(['worker-1906']);
});

/** Asks what Kubernetes asks. */
async function probe(url: string): Promise<Record<string, number>> {
  const [{ text }] = blocksAt('docs/operating.md#on-kubernetes', 'yaml');
  const paths = [...text.matchAll(/path: (\S+),/g)].map(([, path = '']) => path);
  const answers = await Promise.all(paths.map(async (path) => (await fetch(url + path)).status));
  return Object.fromEntries(paths.map((path, index) => [path, answers[index] ?? 0]));
}
