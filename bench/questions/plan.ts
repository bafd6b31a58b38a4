/**
 * `npm run bench:plan`: how long `listo plan` takes for a file of that many clients, as its user waits for it: from the
 * call to the last line. Half of them are confidential, with a secret.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { wholeNumbers } from '../options.ts';
import { progress, runProgram } from '../program.ts';
import { markdownTable } from '../report/table.ts';
import { withGround } from '../set-up/own-server.ts';
import { endedChildrenCpuMs } from '../set-up/processes.ts';
import { temporaryFolder } from '../set-up/temporary-folder.ts';

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
const RUNS = 5;
const NOTHING = 0;
const CHANGES = 2;
const { values } = parseArgs({ options: { clients: { type: 'string', default: '1000,10000' } } });

await runProgram(async () => {
  const folder = temporaryFolder('plan');
  const rows = await withGround(async ({ environment }) => {
    const measured: string[][] = [];
    for (const clients of wholeNumbers('clients', values.clients)) {
      progress(`Planning ${clients} clients ...`);
      const file = join(folder.path, `${clients}.sql`);
      const call = (command: string, status: number) => listo([command, file], environment, status);
      writeFileSync(file, fileOf(clients, 'Client'));
      const fresh = median(() => call('plan', CHANGES));
      call('apply', NOTHING);
      const applied = median(() => call('plan', NOTHING));
      writeFileSync(file, fileOf(clients, 'Another name'));
      measured.push([clients.toLocaleString('en-US'), fresh, applied, median(() => call('plan', CHANGES))]);
    }
    return measured;
  });
  folder.remove();
  const head = ['clients', 'all of them new', 'nothing to change', 'each with another name'];
  process.stdout.write(`\n${markdownTable(head, rows)}\n`);
});

/** One statement for each client, and one for each secret, as a person writes them. */
function fileOf(clients: number, name: string): string {
  const parts = Array.from({ length: clients }, (_, n) => {
    const id = `planned-${n}`;
    const type = n % 2 === 0 ? 'public' : 'confidential';
    const client = `INSERT INTO clients (id, instance_id, name, type, redirect_uris, scopes)
VALUES ('${id}', 'planned', '${name} ${n}', '${type}', ARRAY['https://${id}.example/callback'], '{openid,profile}')
ON CONFLICT (id) DO UPDATE SET
  name = excluded.name, type = excluded.type, redirect_uris = excluded.redirect_uris, scopes = excluded.scopes;\n`;
    const secret = `INSERT INTO client_secrets (client_id, name, digest)
VALUES ('${id}', 'default', 'sha256:${String(n).padStart(64, '0')}')
ON CONFLICT (client_id, name) DO UPDATE SET digest = excluded.digest;\n`;
    return n % 2 === 0 ? client : client + secret;
  });
  return `INSERT INTO instances (id, name) VALUES ('planned', 'Planned') ON CONFLICT DO NOTHING;\n${parts.join('')}`;
}

/** Runs a command, and answers its time and the CPU of this process's child, in milliseconds. */
function listo(words: readonly string[], env: Record<string, string>, expected: number): [number, number] {
  const [begun, cpu] = [performance.now(), endedChildrenCpuMs()];
  const { status, stderr } = spawnSync(process.execPath, [CLI, ...words], {
    ...{ env, encoding: 'utf8', maxBuffer: 1 << 30 },
  });
  if (status !== expected) throw new Error(`listo ${words[0]} ended with ${status}: ${stderr}`);
  return [performance.now() - begun, endedChildrenCpuMs() - cpu];
}

/** `1.23 s (0.90 s of it the CPU of the command)`, by the median run. */
function median(run: () => [number, number]): string {
  const runs = Array.from({ length: RUNS }, run).toSorted(([one], [other]) => one - other);
  const [time, cpu] = runs[Math.floor(RUNS / 2)] ?? [0, 0];
  const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
  return `${seconds(time)} (command: ${seconds(cpu)} of CPU)`;
}
