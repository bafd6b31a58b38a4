import type { Knex } from 'knex';
import pg from 'pg';

interface Statement {
  sql: string;
  bindings: unknown[];
}

/** The statements that `act` sends to the database, as the driver gets them. */
export async function statementsOf(knex: Knex, act: () => Promise<unknown>): Promise<Statement[]> {
  const sent: Statement[] = [];
  const note = ({ sql, bindings }: Statement) => sent.push({ sql, bindings });
  knex.on('query', note);
  try {
    await act();
  } finally {
    knex.off('query', note);
  }
  return sent;
}

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  Plans?: PlanNode[];
}

export interface Explainer {
  /** How Postgres finds the rows of these statements: the indexes it uses, and each scan without an index. */
  scans(statements: readonly Statement[]): Promise<string[]>;
  close(): Promise<void>;
}

export async function openExplainer(url: string): Promise<Explainer> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return {
    async scans(statements) {
      const found = new Set<string>();
      for (const { sql, bindings } of statements) {
        const { rows } = await client.query(`EXPLAIN (FORMAT JSON) ${sql}`, bindings);
        for (const scan of scansIn(rows[0]['QUERY PLAN'][0].Plan)) found.add(scan);
      }
      return [...found].toSorted();
    },
    close: () => client.end(),
  };
}

function scansIn(node: PlanNode): string[] {
  const { 'Node Type': type, 'Relation Name': table, 'Index Name': index, Plans = [] } = node;
  const own = index ?? (/^(Seq|Tid|Sample) Scan/.test(type) ? `${type} on ${table}` : undefined);
  return [...(own ? [own] : []), ...Plans.flatMap(scansIn)];
}
