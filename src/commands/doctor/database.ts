import { withoutStatement } from '../../platform/database-errors.ts';
import { DatabaseAwayError, OperatorError } from '../../platform/errors.ts';
import type { Clock } from '../../platform/time/clock.ts';
import { createDoctorStore, type DatabaseFacts, type DoctorStore } from './doctor-store.ts';
import { type Check, type Finding, notChecked, type Patient, seen } from './finding.ts';

/** A larger difference shows in tokens. */
const TOLERATED_SECONDS = 5;
const SLOW_MS = 20;
const PROBES = 5;
/** The connections of a process beside those for requests: jobs, readiness, and a migration or seed. */
const MORE_CONNECTIONS = 3;

/** The finding where the database could not be opened. */
export function openingFinding(error: unknown): Finding {
  if (!(error instanceof OperatorError)) throw error;
  const isAway = error instanceof DatabaseAwayError;
  return {
    name: isAway ? 'database.away' : 'database.unusable',
    sentence: error.message,
    remedy: isAway
      ? 'Start the database, or correct the host and port of DATABASE_URL. A running server goes on by itself when it is back.'
      : 'Do what the sentence says, in DATABASE_URL, DATA_DIR or at the database. A server does not start before.',
  };
}

export const databaseCheck: Check = {
  name: 'database',
  async run({ database, clock, settings }) {
    if (!database) return notChecked('it cannot be opened');
    const store = createDoctorStore(database.knex);
    const facts = await store.facts();
    const ms = await latencyOf(() => store.now());
    const ahead = await secondsAhead(store, clock);
    const isPostgres = database.kind === 'postgres';
    return seen(
      [
        readOnly(facts),
        clockFinding(ahead),
        ms > SLOW_MS ? latencyFinding(ms) : undefined,
        await privilegeFinding(store, facts),
        ...(isPostgres ? [durability(facts), synchronousCommit(facts), standbys(facts)] : []),
        isPostgres ? connections(facts, settings) : undefined,
        facts.isReadOnly ? undefined : await writingFinding(store),
      ],
      [
        isPostgres ? `Postgres ${facts.version}` : 'embedded',
        `${ms.toFixed(1)} ms`,
        `clock ${Math.abs(ahead).toFixed(1)} s apart`,
        ...(facts.standbys > 0 ? [`standbys: ${facts.standbys}`] : []),
      ],
    );
  },
};

async function latencyOf(ask: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < PROBES; n += 1) {
    const asked = performance.now();
    await ask();
    times.push(performance.now() - asked);
  }
  return times.toSorted((one, other) => one - other)[Math.floor(PROBES / 2)] ?? 0;
}

async function secondsAhead(store: DoctorStore, clock: Clock): Promise<number> {
  const asked = performance.now();
  const here = clock.now().getTime();
  const there = (await store.now()).getTime();
  return (here + (performance.now() - asked) / 2 - there) / 1000;
}

function clockFinding(ahead: number): Finding | undefined {
  if (Math.abs(ahead) <= TOLERATED_SECONDS) return undefined;
  const direction = ahead < 0 ? 'behind' : 'ahead of';
  return {
    name: 'database.clock',
    sentence: `The clock of this machine is ${Math.abs(ahead).toFixed(0)} seconds ${direction} that of the database. Others may refuse tokens as expired, or as not yet valid.`,
    remedy: 'Let both machines set their clocks by NTP (timedatectl set-ntp true, or chrony).',
  };
}

function latencyFinding(ms: number): Finding {
  return {
    name: 'database.latency',
    sentence: `A statement takes ${ms.toFixed(0)} ms. Each request waits for at least one.`,
    remedy: 'Put the server into the network of the database, or find what slows the database down.',
  };
}

function readOnly({ isStandby, isReadOnly }: DatabaseFacts): Finding | undefined {
  if (!isStandby && !isReadOnly) return undefined;
  return {
    name: 'database.read_only',
    sentence: isStandby
      ? 'DATABASE_URL leads to a standby, which takes no writes.'
      : 'The database is read-only (default_transaction_read_only), so nobody can sign in.',
    remedy: isStandby
      ? 'Name the primary in DATABASE_URL as well, with target_session_attrs=read-write.'
      : 'Set default_transaction_read_only = off for the server, the database and the role.',
  };
}

async function privilegeFinding(
  store: DoctorStore,
  { role, otherOwner, schema }: DatabaseFacts,
): Promise<Finding | undefined> {
  if (schema === null)
    return {
      name: 'database.no_schema',
      sentence: `The role ${role} of DATABASE_URL may use no schema of its search_path.`,
      remedy: `Run as the owner of the database: GRANT USAGE, CREATE ON SCHEMA public TO ${quoted(role)};`,
    };
  const lacking = await store.lackingPrivileges();
  if (lacking.length === 0 && otherOwner === null) return undefined;
  const [first] = lacking;
  const others = lacking.length > 1 ? `, and lacks something at ${lacking.length - 1} more tables` : '';
  const lacks = first
    ? `may not ${first.privileges.join(', ')} in ${first.table}${others}`
    : 'does not own the tables, so it cannot migrate them';
  return {
    name: 'database.privilege',
    sentence: `The role ${role} of DATABASE_URL ${lacks}.`,
    remedy:
      otherOwner === null
        ? `Run as their owner: GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${quoted(schema)} TO ${quoted(role)};`
        : `Connect as ${otherOwner}, to whom the tables belong, or run: GRANT ${quoted(otherOwner)} TO ${quoted(role)};`,
  };
}

function durability({ fsync }: DatabaseFacts): Finding | undefined {
  if (fsync === 'on') return undefined;
  return {
    name: 'database.fsync',
    sentence: 'Postgres runs with fsync = off: a crash of its machine can destroy the database.',
    remedy: 'Set fsync = on in postgresql.conf, and reload it.',
  };
}

function synchronousCommit({
  synchronousCommit: value,
  synchronousStandbys,
}: DatabaseFacts): Finding | undefined {
  if (value === 'on' || value === 'remote_apply') return undefined;
  if (value === 'local' && synchronousStandbys === '') return undefined;
  return {
    name: 'database.synchronous_commit',
    sentence: `synchronous_commit is ${value}: an answered request may be lost when the database fails.`,
    remedy: 'Set synchronous_commit = on, for the role and the database that the server uses, too.',
  };
}

function standbys({ synchronousStandbys, standbys: count }: DatabaseFacts): Finding | undefined {
  if (synchronousStandbys === '' || count > 0) return undefined;
  return {
    name: 'database.no_standby',
    sentence: `Commits wait for a standby (synchronous_standby_names = ${synchronousStandbys}), and none is connected: requests that write get 503.`,
    remedy: 'Bring a standby back. Cancel no commit that waits: it would be acknowledged with a single copy.',
  };
}

function connections(
  { connections: most }: DatabaseFacts,
  settings: Patient['settings'],
): Finding | undefined {
  if (settings?.poolSize === undefined) return undefined;
  const needed = settings.workers * (settings.poolSize + MORE_CONNECTIONS);
  if (needed <= most) return undefined;
  return {
    name: 'database.connections',
    sentence: `One server opens up to ${needed} connections (WORKERS, DATABASE_POOL_SIZE), and Postgres gives this role ${most}.`,
    remedy:
      'Raise max_connections or the CONNECTION LIMIT of the role or database, or lower DATABASE_POOL_SIZE.',
  };
}

const FULL_DISK = '53100';

/** Writes and undoes it, since Postgres says only then that its disk is full. */
async function writingFinding(store: DoctorStore): Promise<Finding | undefined> {
  try {
    await store.tryWriting();
    return undefined;
  } catch (error) {
    const { code = '' } = error as { code?: string };
    const said = withoutStatement(error as Error);
    if (code === FULL_DISK)
      return {
        name: 'database.disk_full',
        sentence: `The disk of the database is full (${said}). Reading goes on, and whatever writes gets 503.`,
        remedy:
          'Give the disk more room, or free some: old WAL of a replication slot that nobody reads is the usual cause (SELECT * FROM pg_replication_slots).',
      };
    if (code.startsWith('53') || code.startsWith('58'))
      return {
        name: 'database.no_room',
        sentence: `The database cannot write (${said}).`,
        remedy: 'Look into the log of Postgres, and give it what it lacks.',
      };
    // The schema and the rights of the role are other findings.
    return undefined;
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
