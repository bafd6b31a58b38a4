import { readdirSync, readFileSync } from 'node:fs';
import { rehearseSeeds } from '../../src/platform/seeds/run/run-seeds.ts';
import { applySeed } from '../../src/platform/seeds/seed.ts';
import { openTestDatabase, type TestDatabase } from '../support/databases/test-database.ts';
import { blocksOf } from '../support/documents/blocks.ts';
import { rowsOf } from '../support/documents/rows.ts';

const PAGE = 'docs/registering-clients.md';
const blocks = blocksOf(PAGE)
  .filter(({ language }) => language === 'sql')
  .map(({ text }) => text);

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

function apply(sql: string) {
  return applySeed(database.knex, { name: PAGE, sql });
}

describe('docs/registering-clients.md', () => {
  it('has SQL that can be applied in its order, each block changing something once and nothing the second time', async () => {
    expect(blocks.length).toBeGreaterThan(15);
    for (const sql of blocks) {
      if (sql.startsWith('SELECT')) {
        // These read Postgres's catalog, in psql.
        await database.knex.raw(sql);
        continue;
      }
      const changes = await apply(sql);
      expect({ sql, changes: changes.length > 0 }).toEqual({ sql, changes: true });
      expect({ sql, changes: await apply(sql) }).toEqual({ sql, changes: [] });
    }
  });

  it('has SQL that sets each column again that it sets in a new row', async () => {
    const sql = blocks.filter((block) => !block.startsWith('SELECT')).join('\n');
    const { files } = await rehearseSeeds(database.knex, [{ name: PAGE, sql }], { remarks: true });
    const remarks = files.flatMap(({ statements }) => statements.flatMap((statement) => statement.remarks));
    expect(remarks.filter(({ about }) => about === 'columns forgotten')).toEqual([]);
  });

  it('leaves registered what it says it does', async () => {
    const secrets = await database
      .knex('client_secrets')
      .orderBy(['client_id', 'name'])
      .select('client_id', 'name');
    expect(secrets).toEqual([{ client_id: 'acme-portal', name: '2027-spring' }]);
    expect(await database.knex('clients').orderBy('id').pluck('id')).toEqual([
      'acme-billing',
      'acme-payments',
      'acme-payroll',
      'acme-portal',
      'acme-spa',
      'acme-tv',
    ]);
    expect(await database.knex('listnr_clients').whereNotNull('disabled_at').pluck('id')).toEqual([
      'radio-app',
    ]);
  });

  it('explains every rule there is, and none that is not', async () => {
    const folder = new URL('../../migrations/0001-registration/', import.meta.url);
    const sql = readdirSync(folder)
      .map((name) => readFileSync(new URL(name, folder), 'utf8'))
      .join('\n');
    const later = [
      '0003-refresh-families',
      '0008-client-security',
      '0016-session-limit',
      '0021-application-addresses',
      '0024-support-address',
      '0028-application-look',
      '0033-published-keys',
      '0036-client-certificates',
      '0030-security-profile',
      '0034-signed-introspection',
      '0035-deliveries',
      '0037-authorization-requests',
    ]
      .map((name) => readFileSync(new URL(`../../migrations/${name}.ts`, import.meta.url), 'utf8'))
      .join('\n');
    const current = [
      'instances_validate',
      'clients_validate',
      'clients_validate_security',
      'check_client_jwks',
      'clients_validate_requests',
      'clients_validate_target_links',
      'people_validate',
      'people_validate_address',
      'check_redirect_uri',
      'clients_validate_security_profile',
    ]
      .map((name) => new URL(`../../migrations/functions/${name}.sql`, import.meta.url))
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');
    const found = (pattern: RegExp, text = sql) => [...text.matchAll(pattern)].map(([, name = '']) => name);
    const rules = [
      ...found(/COMMENT ON CONSTRAINT (\w+) ON (?:clients|instances)/g, later),
      ...found(/refuse_registration\('(\w+)'/g, later),
      ...found(/CONSTRAINT (\w+) CHECK/g),
      ...found(/refuse_registration\('(\w+)'/g),
      ...found(/refuse_registration\('(\w+)'/g, current),
      ...found(/check_name\(.*'(\w+)', NEW/g, current).map((column) => `${column}_visible`),
      ...found(/check_trimmed\(.*'(\w+)', NEW/g, current).map((column) => `${column}_trimmed`),
      ...found(/check_words\(owner, '(\w+)'/g).map((word) => `${word}_known`),
      ...found(/check_lifetime\(owner, '(\w+)'/g).map((column) => `${column}_range`),
      ...found(/CONSTRAINT = '(\w+)'/g),
      ...found(/COMMENT ON INDEX (\w+)/g),
    ];
    const explained = rowsOf(PAGE, '| rule |').flatMap(([cell = '']) =>
      [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name),
    );
    expect(explained.sort()).toEqual([...new Set(rules)].sort());
  });
});
