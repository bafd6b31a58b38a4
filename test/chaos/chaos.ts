/**
 * Puts a mixed load on two processes and a Postgres, and meanwhile kills, restarts and cuts off all of them, with a
 * ledger of every answer. Afterwards it checks the ledger: nothing was spent twice, no answered commit was lost, no
 * revoked token works, and nobody was signed out for a retry.
 *
 *   npm run test:chaos -- [--seconds 60] [--seed N] [--concurrency 24] [--ledger FILE]
 *
 * Sign-ins are complete: authorization request, code, exchange. Most people are already signed in at their browser.
 * About one in twelve types the password; otherwise this machine would do nothing but hash.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { freePort } from '../../scripts/free-port.ts';
import { findOmissions, findViolations } from '../ledger/checks.ts';
import { createHonestClient } from '../ledger/client.ts';
import { type Ledger, openLedger } from '../ledger/ledger.ts';
import { createListnrVerifier } from '../ledger/listnr.ts';
import { runLoad } from '../ledger/load.ts';
import { createOperations } from '../ledger/operations.ts';
import { paceOf, UNKNOWN_PACE } from '../ledger/pace.ts';
import { createRandom } from '../ledger/random.ts';
import { report } from '../ledger/report.ts';
import { verifyWorld } from '../ledger/verify.ts';
import { createWorld } from '../ledger/world.ts';
import { type Cluster, startCluster } from '../machines/cluster.ts';
import { numbersOf, runProgram } from '../machines/run-program.ts';
import { type LogLine, type Server, startServer } from '../machines/servers.ts';
import { injectFaults } from './faults.ts';
import { killAtEveryInstant } from './instants.ts';

interface Options {
  seconds: number;
  seed: number;
  concurrency: number;
  /** The file for the whole ledger, as JSON. */
  file: string | undefined;
}

interface Stage {
  issuer: string;
  cluster: Cluster;
  servers: readonly [Server, Server];
  ledger: Ledger;
}

/** Two rounds of faults, so that each kind comes at least twice. */
const FAULTS_A_MINUTE = 12;
const SHOWN_ERRORS = 5;
/** Sign-ins before the first fault, so that there are enough tokens to refresh. */
const SIGN_INS_A_CLIENT = 10;

await runProgram(() => main(readOptions()));

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '60' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
      concurrency: { type: 'string', default: '24' },
      ledger: { type: 'string' },
    },
  });
  const { ledger: file, ...numbers } = values;
  return { ...numbersOf(numbers, { positive: ['seconds', 'concurrency'] }), file };
}

/** Returns the number of violations and of missing attempts. */
async function main(options: Options): Promise<number> {
  const { seconds, seed, concurrency, file } = options;
  say(`Chaos for ${seconds} s, ${concurrency} clients, seed ${seed}.`);
  const ledger = openLedger();
  const errors: string[] = [];
  // Nobody listens at the issuer: it is only a name, and clients go through the wires.
  const issuer = `http://localhost:${await freePort()}`;
  const cluster = await startCluster();
  const { port: databasePort, url: databaseUrl } = cluster;
  const server = () => startServer({ issuer, databasePort, databaseUrl, onLog: noteLog(ledger, errors) });
  const servers = [await server(), await server()] as const;
  try {
    await Promise.all(servers.map(({ ready }) => ready()));
    await runPhases(options, { issuer, cluster, servers, ledger });
  } finally {
    for (const { stop } of servers) stop();
    cluster.remove();
  }
  if (file) writeFileSync(file, JSON.stringify(ledger));
  const violations = findViolations(ledger);
  const omissions = findOmissions(ledger);
  say(`\n${report(ledger, violations)}`);
  for (const error of errors) say(`Logged: ${error}`);
  for (const omission of omissions) say(`Never tried: ${omission}.`);
  const wrong = violations.length + omissions.length;
  say(wrong === 0 ? '\nNo violations.' : `\n${violations.length} violations. Again: --seed ${seed}`);
  return wrong;
}

/** Signs people in, breaks things, and asks with every token when all is calm again. */
async function runPhases(
  { seconds, seed, concurrency }: Options,
  { issuer, cluster, servers, ledger }: Stage,
): Promise<void> {
  const [random, schedule] = [createRandom(seed), createRandom(seed + 1)];
  ledger.pace = UNKNOWN_PACE;
  const client = createHonestClient({ ledger, urls: servers.map(({ url }) => url), random });
  const world = createWorld(issuer);
  const verifyListnr = await createListnrVerifier(servers[0].url, issuer);
  const operations = createOperations({ client, world, ledger, random, verifyListnr });

  const signedIn = () => world.grants.length >= concurrency * SIGN_INS_A_CLIENT;
  await runLoad({ operations, random, concurrency, mix: { signIn: 100 }, done: signedIn });
  ledger.pace = paceOf(ledger.entries);
  say(`The machine is ${ledger.pace} times slower, at most, than one that does nothing else.`);

  say('Killing a process at every message of a refresh and of an exchange.');
  await killAtEveryInstant({ servers, client, world, ledger });

  say('Breaking everything under load.');
  const until = performance.now() + seconds * 1000;
  let calm = false;
  const count = (name: string) => {
    ledger.load[name] = (ledger.load[name] ?? 0) + 1;
  };
  const load = runLoad({ operations, random, concurrency, count, done: () => calm });
  const minimum = Math.floor((seconds / 60) * FAULTS_A_MINUTE);
  const done = (faults: number) => performance.now() >= until && faults >= minimum;
  await injectFaults({ cluster, servers, random: schedule, ledger, done });
  calm = true;
  await load;

  say('Everything is calm again; asking with every token.');
  await verifyWorld({ client, world, ledger, random, databaseUrl: cluster.url(), concurrency });
}

/** Counts audit events, and keeps the first unexpected errors of a server. */
function noteLog(ledger: Ledger, errors: string[]): (line: LogLine) => void {
  return ({ audit, msg, err }) => {
    if (audit) ledger.audits[audit] = (ledger.audits[audit] ?? 0) + 1;
    if (msg === 'unexpected error' && errors.length < SHOWN_ERRORS)
      errors.push(`${err?.type}: ${err?.message}`);
  };
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
