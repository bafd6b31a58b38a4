/**
 * A mixed load on two processes and a Postgres, all of which are killed, restarted and cut off meanwhile, with a
 * ledger of every answer. Afterwards the ledger is checked: nothing spent twice, nothing lost that was answered,
 * nothing alive that was revoked, nobody signed out for having tried again.
 *
 *   npm run test:chaos -- [--seconds 60] [--seed N] [--concurrency 24] [--ledger FILE]
 *
 * Sign-ins are whole: authorization request, code, exchange. Most people are signed in at their browser already,
 * about one in twelve types the password, since hashing it would otherwise be all that this machine does.
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
  /** Where to write the whole ledger, as JSON. */
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
/** Before anything breaks, so that from the first fault on there are enough to be refreshed. */
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

/** Answers the number of violations, and of what should have been tried and was not. */
async function main(options: Options): Promise<number> {
  const { seconds, seed, concurrency, file } = options;
  say(`Chaos for ${seconds} s, ${concurrency} clients, seed ${seed}.`);
  const ledger = openLedger();
  const errors: string[] = [];
  // Nobody listens there: it is a name, and clients go by way of the wires.
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

/** Signs people in, breaks what can be broken, and asks about everything when it is calm again. */
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

/** Counts audit events, and keeps the first of what a server did not expect. */
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
