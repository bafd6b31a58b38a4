import type { Knex } from 'knex';
import { numberOfStatement } from '../errors/failed-statement.ts';
import type { SeedStatement } from '../grammar/seed-statements.ts';

/** A person at a terminal who does not want to wait any longer. */
export interface Stop {
  signal: AbortSignal;
  /** Ends what this session of the database runs. */
  cancel(pid: number): Promise<unknown>;
}

/** Does a step, unless the time is over or somebody stopped the whole. */
export type Limited = <T>(step: () => Promise<T>) => Promise<T>;

interface Limits {
  timeoutMs?: number;
  stop?: Stop;
}

const QUERY_CANCELED = '57014';

/** The whole took too long, or somebody stopped it. */
export class Stopped extends Error {
  readonly #limits: Limits;

  constructor(limits: Limits, options?: ErrorOptions) {
    super('stopped', options);
    this.#limits = limits;
  }

  explain({
    file,
    statements = [],
  }: {
    file?: { name: string };
    statements?: readonly SeedStatement[];
  }): string {
    const statement = statements[numberOfStatement(this.cause) - 1];
    const place = statement ? `:${statement.line}:${statement.column}` : '';
    const { stop, timeoutMs = 0 } = this.#limits;
    const sentence = stop?.signal.aborted
      ? 'stopped'
      : `not done after ${timeoutMs / 1000} s\n  If that is no mistake, allow it more time: --timeout SECONDS.`;
    return `${file ? `${file.name}${place}: ` : ''}${sentence}\n  Nothing was applied.`;
  }
}

/** Does `work` in a transaction, within its limits. Without any, a statement may take as long as it needs. */
export async function stoppable<T>(
  trx: Knex.Transaction,
  limits: Limits,
  work: (limited: Limited) => Promise<T>,
): Promise<T> {
  const { timeoutMs = 0, stop } = limits;
  const until = timeoutMs > 0 ? performance.now() + timeoutMs : Number.POSITIVE_INFINITY;
  const end = await listenTo(trx, stop);
  const limited: Limited = async (step) => {
    const left = Math.ceil(until - performance.now());
    if (left <= 0 || stop?.signal.aborted) throw new Stopped(limits);
    await setTimeLimit(trx, timeoutMs > 0 ? left : 0);
    return step();
  };
  try {
    return await limited(() => work(limited));
  } catch (error) {
    const isStop = (error as { code?: string }).code === QUERY_CANCELED && (timeoutMs > 0 || stop);
    throw isStop ? new Stopped(limits, { cause: error }) : error;
  } finally {
    end();
  }
}

async function listenTo(trx: Knex.Transaction, stop: Stop | undefined): Promise<() => void> {
  if (!stop) return () => undefined;
  const { rows } = await trx.raw('SELECT pg_backend_pid() AS pid');
  const cancel = () => void stop.cancel(rows[0].pid).catch(() => undefined);
  stop.signal.addEventListener('abort', cancel);
  return () => stop.signal.removeEventListener('abort', cancel);
}

/**
 * Also where the role has a limit, or a pooler refused the setting at connecting. The embedded database has no timer, so
 * the function that runs the statements looks at the clock between them.
 */
async function setTimeLimit(trx: Knex.Transaction, ms: number): Promise<void> {
  await trx.raw(
    `SELECT set_config('statement_timeout', ?, true), set_config('listo.seed_until',
       CASE WHEN ?::float > 0 THEN (clock_timestamp() + ?::float * interval '1 ms')::text ELSE 'infinity' END, true)`,
    [String(ms), ms, ms],
  );
}
