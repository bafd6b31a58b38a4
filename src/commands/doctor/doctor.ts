import type { Database } from '../../platform/database.ts';
import { isDatabaseUnavailable, withoutStatement } from '../../platform/database-errors.ts';
import { OperatorError } from '../../platform/errors.ts';
import type { Command, CommandContext, ServerSettings } from '../command.ts';
import { jsonOf } from '../registered/written.ts';
import { providersCheck } from '../upstream/providers-check.ts';
import { databaseCheck, openingFinding } from './database.ts';
import { deliveriesCheck } from './deliveries.ts';
import {
  type Check,
  type Finding,
  notChecked,
  type Outcome,
  type Patient,
  type Seen,
  seen,
} from './finding.ts';
import { housekeepingCheck } from './housekeeping.ts';
import { keysCheck } from './keys.ts';
import { mailCheck } from './mail.ts';
import { outboundCheck } from './outbound.ts';
import { issuerCheck } from './outside/issuer.ts';
import { proxyCheck } from './outside/proxy.ts';
import { tlsCheck } from './outside/tls.ts';
import { membersOf, reportOf } from './report.ts';
import { schemaCheck } from './schema.ts';
import { secretsCheck } from './secrets.ts';

const FINDINGS = 2;

/** The checks of everything that a server needs, in the order in which one mistake hides another. */
const CHECKS: readonly Check[] = [
  databaseCheck,
  schemaCheck,
  housekeepingCheck,
  keysCheck,
  secretsCheck,
  deliveriesCheck,
  tlsCheck,
  issuerCheck,
  proxyCheck,
  mailCheck,
  outboundCheck,
  providersCheck,
];

export const doctor: Command = {
  name: 'doctor',
  operands: [],
  options: { url: 'ISSUER' },
  switches: ['json'],
  summary:
    'Check the configuration, the database, keys, secrets, and the server from outside; say what is wrong, and what to do.',
  words: { url: 'The address at which the server is asked from outside; ISSUER, unless you say another.' },
  help: `Run it where the server runs, with the same environment. It changes nothing, and may run beside the
server. It ends with 0 when all is well, with 2 when it found something, and with 1 when it could
not run.`,
  examples: ['doctor', 'doctor --url https://login.example --json'],
  async run(context, _operands, { options: { url }, switches }) {
    const outcomes = await examine(context, url);
    context.print(switches.has('json') ? jsonOf(membersOf(outcomes)) : reportOf(outcomes));
    return outcomes.some(({ findings }) => findings.length > 0) ? FINDINGS : undefined;
  },
};

async function examine(context: CommandContext, url: string | undefined): Promise<Outcome[]> {
  const configuration = attempt(context.server, 'configuration.wrong', CORRECT_IT);
  const settings = configuration.found;
  const opened = await open(context);
  const patient: Patient = {
    clock: context.clock,
    database: opened.database,
    settings,
    issuer: url === undefined ? settings?.issuer : issuerOf(url),
  };
  const outcomes: Outcome[] = [{ check: 'configuration', ...configuration.seen }];
  if (opened.finding) outcomes.push({ check: 'database', ...seen([opened.finding]) });
  try {
    for (const check of CHECKS) {
      if (check.name === 'database' && opened.finding) continue;
      outcomes.push({ check: check.name, ...(await run(check, patient)) });
    }
    return outcomes;
  } finally {
    await opened.database?.close();
  }
}

const CORRECT_IT =
  'Correct all that it lists, and start the server again. .env.example explains every variable.';

/** The configuration, as the server would read it at its next start. */
function attempt(
  read: () => ServerSettings,
  name: string,
  remedy: string,
): { found?: ServerSettings; seen: Seen } {
  try {
    const found = read();
    return { found, seen: seen([], [found.production ? 'production' : 'development', found.issuer]) };
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return { seen: seen([{ name, sentence: error.message, remedy }]) };
  }
}

async function open({ openDatabase }: CommandContext): Promise<{ database?: Database; finding?: Finding }> {
  try {
    return { database: await openDatabase() };
  } catch (error) {
    return { finding: openingFinding(error) };
  }
}

function issuerOf(url: string): string {
  const given = URL.parse(url);
  if (given && /^https?:$/.test(given.protocol)) return given.origin;
  throw new OperatorError('--url takes the address of the issuer, such as https://login.example.');
}

/** The SQLSTATEs for a missing table and a missing column. */
const SCHEMA_LACKS = new Set(['42P01', '42703']);
const INSUFFICIENT_PRIVILEGE = '42501';

/** A check that the database refuses is none: the checks of the database and the schema find why. */
async function run(check: Check, patient: Patient): Promise<Seen> {
  try {
    return await check.run(patient);
  } catch (error) {
    const { code = '' } = error as { code?: string };
    if (SCHEMA_LACKS.has(code)) return notChecked('the schema is not that of this version');
    if (code === INSUFFICIENT_PRIVILEGE) return notChecked('the role of DATABASE_URL lacks a privilege');
    if (isDatabaseUnavailable(error))
      return notChecked(`the database cannot do it just now: ${withoutStatement(error as Error)}`);
    throw error;
  }
}
