import type { Knex } from 'knex';
import { applyFunction } from './functions.ts';

const MOST_NAMED = 20;

/**
 * One address in all its spellings is one person (functions/canonical_address.sql): capital letters of every script,
 * an accent as one character or two, a domain in letters or in Punycode, wide characters. The column keeps the spelling
 * that was written. `people_instance_email` stays, for the `ON CONFLICT` of seeds and for processes of an older release.
 *
 * People of one instance whose addresses become one stay as they are, like those of 0022, and are named in a warning.
 */
export async function up(knex: Knex): Promise<void> {
  await applyFunction(knex, 'canonical_address');
  await knex.raw(`
CREATE INDEX people_canonical_address ON people (canonical_address(email), instance_id);
DROP INDEX people_address;
COMMENT ON COLUMN people.email IS 'For sign-in with a password, and the claim email, as it is written here. All spellings are one address: capital letters, accents, the domain in letters or in Punycode. Unique in an instance whose people sign in with a password.';
`);
  const { rows } = await knex.raw<{ rows: { instance_id: string; ids: string }[] }>(`
SELECT p.instance_id, string_agg(p.id, ', ' ORDER BY p.created_at, p.id) AS ids
FROM people p JOIN instances i ON i.id = p.instance_id AND i.authentication = 'password'
GROUP BY p.instance_id, canonical_address(p.email) HAVING count(DISTINCT lower(p.email)) > 1
ORDER BY 1, 2 LIMIT ${MOST_NAMED}`);
  for (const { instance_id, ids } of rows)
    console.warn(
      `These people of the instance ${instance_id} have one e-mail address, in several spellings: ${ids}. Each still signs in with their own spelling; any other is that of the first. Give the others an address of their own.`,
    );
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
