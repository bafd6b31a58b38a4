/**
 * `npm run bench:knowledge`: the cost of keeping all LiSTNR clients in memory: the heap, the time to read them, and
 * how long reading makes a request wait at most. Only this benchmark loads a part of the server, because Node's own
 * memory cannot be measured from outside.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createListnrClientStore } from '../../src/clients/listnr/listnr-client-store.ts';
import { createListnrClients, type ListnrClients } from '../../src/clients/listnr/listnr-clients.ts';
import { openDatabase } from '../../src/platform/database.ts';
import { wholeNumbers } from '../options.ts';
import { progress, runProgram } from '../program.ts';
import { percentile } from '../report/percentile.ts';
import { markdownTable } from '../report/table.ts';
import { fillListnrClients, openFiller } from '../set-up/fill.ts';
import { withGround } from '../set-up/own-server.ts';

const READS = 7;
const { values } = parseArgs({ options: { clients: { type: 'string', default: '1000,10000,100000' } } });

await runProgram(async () => {
  const rows = await withGround(async ({ cluster }) => {
    const filler = await openFiller(cluster.url);
    const database = await openDatabase({ url: cluster.url, poolSize: 1 });
    const store = createListnrClientStore(database.knex);
    const measured: string[][] = [];
    let filled = 0;
    for (const clients of wholeNumbers('clients', values.clients)) {
      progress(`Registering ${clients} clients ...`);
      await fillListnrClients(filler, filled + 1, clients);
      await filler.query('ANALYZE');
      filled = clients;
      const before = await heapBytes();
      const known = await createListnrClients(store);
      const heap = (await heapBytes()) - before;
      measured.push([
        known.count.toLocaleString('en-US'),
        `${(heap / 1e6).toFixed(1)} MB`,
        ...(await readAgain(known)),
      ]);
    }
    await filler.end();
    await database.close();
    return measured;
  });
  process.stdout.write(`\n${markdownTable(['clients', 'heap', 'reading', 'longest pause'], rows)}\n`);
});

/** The median time of a read, and the longest time for which one blocked everything else. */
async function readAgain(known: ListnrClients): Promise<[string, string]> {
  const times: number[] = [];
  const delay = monitorEventLoopDelay({ resolution: 1 });
  await sleep(100);
  delay.enable();
  for (let n = 0; n < READS; n += 1) {
    const began = performance.now();
    await known.reload();
    times.push(performance.now() - began);
  }
  delay.disable();
  return [`${Math.round(percentile(times, 0.5))} ms`, `${Math.round(delay.max / 1e6)} ms`];
}

async function heapBytes(): Promise<number> {
  // One collection does not free all that was just read.
  for (let n = 0; n < 3; n += 1) {
    globalThis.gc?.();
    await sleep(50);
  }
  return process.memoryUsage().heapUsed;
}
