import type { Knex } from 'knex';
import { withoutStatement } from '../database-errors.ts';
import { OperatorError } from '../errors.ts';

const INSUFFICIENT_PRIVILEGE = '42501';
/** No schema of the role's `search_path` exists, or it may use none. */
const NO_SCHEMA = '3F000';

const FACTS = `
  SELECT current_user AS role, coalesce(current_schema(), 'public') AS schema,
    coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create,
    (SELECT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.oid = to_regclass('knex_migrations')) AS owner`;

interface Facts {
  role: string;
  schema: string;
  may_create: boolean;
  owner: string | null;
}

/**
 * Says what the role of DATABASE_URL may not do, and which statement lets it. Returns other errors unchanged.
 */
export async function explainPrivileges(error: unknown, knex: Knex): Promise<unknown> {
  const { code } = error as { code?: string };
  if (code !== INSUFFICIENT_PRIVILEGE && code !== NO_SCHEMA) return error;
  const facts = await knex.raw<{ rows: Facts[] }>(FACTS).then(
    ({ rows }) => rows[0],
    () => undefined,
  );
  if (!facts) return error;
  const said = withoutStatement(error as Error);
  return new OperatorError(
    `The role ${facts.role} of DATABASE_URL lacks a privilege (${said}). ${remedy(facts)}`,
    {
      cause: error,
    },
  );
}

function remedy({ role, schema, may_create, owner }: Facts): string {
  if (owner !== null && owner !== role)
    return `The tables belong to ${owner}: connect as that role, or run: GRANT ${quoted(owner)} TO ${quoted(role)};`;
  if (!may_create) return `Run: GRANT USAGE, CREATE ON SCHEMA ${quoted(schema)} TO ${quoted(role)};`;
  return 'Let it own the database and what is in it.';
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
