/**
 * `npm run bench:startup`: the time from `node` to ready, on Postgres with nothing to migrate, on a new embedded
 * database, and on an existing one. Also the memory when idle, of one process and of a primary with two workers, and a
 * process's memory under load, and with many clients registered and used.
 */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { play } from '../load/wrk.ts';
import { wholeNumber } from '../options.ts';
import { progress, runProgram } from '../program.ts';
import { describeCommit, describeMachine } from '../report/machine.ts';
import { percentile } from '../report/percentile.ts';
import { markdownTable } from '../report/table.ts';
import { userinfo } from '../scenarios/access-token.ts';
import {
  listnrClientCredentials,
  listnrOfEveryClient,
  untilEveryClientIsKnown,
} from '../scenarios/listnr.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { refresh } from '../scenarios/token-endpoint.ts';
import { environmentPath } from '../set-up/environment.ts';
import { fillListnrClients, openFiller } from '../set-up/fill.ts';
import { type Ground, type Own, signedInTarget, withGround, withServer } from '../set-up/own-server.ts';
import { bytesOfTree, residentBytes } from '../set-up/processes.ts';
import { startServer } from '../set-up/server.ts';
import { ownTarget, type Target } from '../set-up/target.ts';
import { temporaryFolder } from '../set-up/temporary-folder.ts';

const MEBIBYTE = 2 ** 20;
const READY_WITHIN_SECONDS = 0.6;
const RESIDENT_MEBIBYTES = 125;
const IDLE_MEBIBYTES = 130;
const SETTLED_MS = 5000;

const { values } = parseArgs({
  options: {
    starts: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '20' },
    clients: { type: 'string', default: '100000' },
    out: { type: 'string', default: fileURLToPath(new URL('results', import.meta.url)) },
  },
});
const starts = wholeNumber('starts', values.starts, 1);
const seconds = wholeNumber('seconds', values.seconds, 1);
const clients = wholeNumber('clients', values.clients, 1);

interface Figure {
  what: string;
  value: number;
  unit: 's' | 'MiB';
  target?: { atMost: number; met: boolean };
}

await runProgram(async () => {
  const embedded = await startEmbedded();
  const { figures, machine } = await withGround(async (ground) => {
    const ready: number[] = [];
    for (let n = 0; n < starts; n += 1)
      ready.push(await withServer(ground, { workers: 1 }, async ({ server }) => server.readyMs / 1000));
    const idle = await measureIdle(ground);
    const memory = await withServer(ground, { workers: 1 }, measureMemory);
    const own = figure(
      'ready on Postgres, nothing to migrate',
      percentile(ready, 0.5),
      's',
      READY_WITHIN_SECONDS,
    );
    return {
      figures: [own, ...embedded, ...idle, ...memory],
      machine: describeMachine(ground.cluster.version),
    };
  });
  const commit = describeCommit();
  const note = `${machine.cores} cores of ${machine.processor}, Node ${machine.node}, commit ${commit ?? 'unknown'}; starts: the median of ${starts}`;
  const text = `${note}\n\n${tableOf(figures)}\n`;
  mkdirSync(values.out, { recursive: true });
  writeFileSync(
    join(values.out, 'startup.json'),
    `${JSON.stringify({ machine, commit, starts, figures }, undefined, 2)}\n`,
  );
  writeFileSync(join(values.out, 'startup.md'), text);
  process.stdout.write(`\n${text}\nWritten to ${values.out}.\n`);
});

/** Like `npm start` in a fresh clone: makes, migrates and seeds the database, then opens it again. */
async function startEmbedded(): Promise<Figure[]> {
  const cold: number[] = [];
  const warm: number[] = [];
  for (let n = 0; n < starts; n += 1) {
    progress('Starting on the embedded database, cold and warm ...');
    const { path, remove } = temporaryFolder('embedded');
    const environment = { PATH: environmentPath(), DATA_DIR: join(path, 'data') };
    for (const times of [cold, warm]) {
      const server = await startServer({ workers: 1, environment });
      times.push(server.readyMs / 1000);
      await server.stop();
    }
    remove();
  }
  return [
    figure('ready on the embedded database, the first time', percentile(cold, 0.5), 's'),
    figure('ready on the embedded database, again', percentile(warm, 0.5), 's'),
  ];
}

/** A copy of Node runs these, because this program and others share the pages of the original. */
async function measureIdle(ground: Ground): Promise<Figure[]> {
  const { path, remove } = temporaryFolder('node');
  const node = join(path, 'node');
  copyFileSync(process.execPath, node);
  const idle = (workers: number) =>
    withServer(ground, { workers, node }, async ({ server }) => {
      await sleep(SETTLED_MS);
      return bytesOfTree(server.pid) / MEBIBYTE;
    });
  const [one, cluster] = [await idle(1), await idle(2)];
  remove();
  return [
    figure('idle, one process (PSS)', one, 'MiB'),
    figure('idle, two workers and their primary (PSS)', cluster, 'MiB', IDLE_MEBIBYTES),
  ];
}

async function measureMemory(own: Own): Promise<Figure[]> {
  await sleep(SETTLED_MS);
  const idle = residentBytes(own.server.pid) / MEBIBYTE;
  const nobody = await ownTarget(own.server.base);
  const issuing = await highest(own, nobody, [listnrClientCredentials]);
  // Hashing a password takes 19 MiB at a time, which the C library may keep.
  const target = await signedInTarget(own);
  const signedIn = residentBytes(own.server.pid) / MEBIBYTE;
  const loaded = await highest(own, target, [refresh, userinfo]);

  progress(`Registering ${clients} LiSTNR clients ...`);
  const filler = await openFiller(own.cluster.url);
  await fillListnrClients(filler, 1, clients);
  await filler.query('ANALYZE');
  await filler.end();
  await untilEveryClientIsKnown(own.server.base, clients);
  const many = await highest(own, target, [listnrOfEveryClient(clients)]);
  return [
    figure('resident, idle', idle, 'MiB'),
    figure('resident under load of LiSTNR, at most', issuing, 'MiB', RESIDENT_MEBIBYTES),
    figure('resident after 100 password sign-ins', signedIn, 'MiB'),
    figure('resident under load of refresh and userinfo, at most', loaded, 'MiB', RESIDENT_MEBIBYTES),
    figure(`resident under load by ${clients.toLocaleString('en-US')} clients, at most`, many, 'MiB'),
  ];
}

/** The most memory of the process under these loads, in MiB. */
async function highest(own: Own, target: Target, scenarios: readonly Scenario[]): Promise<number> {
  const { path: folder, remove } = temporaryFolder('requests');
  let most = 0;
  const look = setInterval(() => {
    most = Math.max(most, residentBytes(own.server.pid) / MEBIBYTE);
  }, 100);
  for (const scenario of scenarios) {
    progress(`${scenario.title} ...`);
    const what = await scenario.prepare({ target, folder, threads: 1 }, 0);
    await play(what, { base: target.base, seconds, connections: 32, threads: 1 });
  }
  clearInterval(look);
  remove();
  return most;
}

function figure(what: string, value: number, unit: Figure['unit'], atMost?: number): Figure {
  return { what, value, unit, ...(atMost === undefined ? {} : { target: { atMost, met: value <= atMost } }) };
}

function tableOf(figures: readonly Figure[]): string {
  return markdownTable(
    ['what', 'measured', 'target'],
    figures.map(({ what, value, unit, target }) => [
      what,
      `${unit === 's' ? value.toFixed(2) : Math.round(value)} ${unit}`,
      target ? `≤ ${target.atMost} ${unit}: ${target.met ? 'met' : 'NOT MET'}` : '',
    ]),
  );
}
