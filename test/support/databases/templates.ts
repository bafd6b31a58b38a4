import { readFileSync } from 'node:fs';
import type { Knex } from 'knex';
import type { Database } from '../../../src/platform/database.ts';
import { migrate } from '../../../src/platform/migrate.ts';
import { applySeed } from '../../../src/platform/seeds/seed.ts';

/** The databases from which test files start: `empty` is only migrated, `demo` has the demo's registrations as well. */
export const TEMPLATES = ['empty', 'demo'] as const;
export type Template = (typeof TEMPLATES)[number];

const DEMO_SEED = new URL('../../../config/seeds/demo.sql', import.meta.url);
/** Stands in the template where an issuer belongs. No server listens on this port. */
const NO_ISSUER = 'http://localhost:1';

/** Makes the template of an empty database, or of the template before it. */
export async function prepareTemplate(template: Template, database: Database): Promise<void> {
  if (template === 'empty') await migrate(database);
  else {
    const sql = readFileSync(DEMO_SEED, 'utf8');
    await applySeed(database.knex, { name: 'demo.sql', sql, settings: { issuer: NO_ISSUER } });
  }
}

/** Registers the demo's applications at this issuer, as its seed does. */
export async function moveDemo(knex: Knex, issuer: string): Promise<void> {
  await knex.raw(
    `UPDATE clients SET
       redirect_uris = replace(redirect_uris::text, :from, :to)::text[],
       post_logout_redirect_uris = replace(post_logout_redirect_uris::text, :from, :to)::text[],
       client_uri = replace(client_uri, :from, :to),
       initiate_login_uri = replace(initiate_login_uri, :from, :to)
     WHERE starts_with(client_uri, :from)`,
    { from: `${NO_ISSUER}/`, to: `${issuer}/` },
  );
}
