import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { applySeed } from '../../src/platform/seeds/seed.ts';
import { openTestDatabase, type TestDatabase } from '../support/databases/test-database.ts';
import { blocksAt, fillIn } from '../support/documents/blocks.ts';
import { exchangesOf, lasting } from '../support/documents/transcripts.ts';
import { runOn } from '../support/registrations/command-line.ts';

const REGISTERING = 'docs/registering-clients.md';
const OPERATING = 'docs/operating.md';

let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  database = await openTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'listo-console-'));
});
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

/** The registrations below headings of the page about registering, without their later changes. */
function sqlOf(...headings: string[]): string {
  return headings
    .flatMap((heading) => blocksAt(`${REGISTERING}#${heading}`, 'sql'))
    .map(({ text }) => text)
    .filter((text) => text.startsWith('INSERT'))
    .join('\n');
}

async function register(...headings: string[]): Promise<void> {
  await applySeed(database.knex, { name: 'acme.sql', sql: sqlOf(...headings) });
}

/** Runs the commands of a console block. Returns them with what they print here and in the document. */
async function converse(place: string) {
  const here: { command: string; printed: string[] }[] = [];
  const there: typeof here = [];
  for (const block of blocksAt(place, 'console')) {
    for (const { command, printed } of exchangesOf(block)) {
      const actual = await printedBy(command);
      const shortened = printed.at(-1) === '…';
      // Only a terminal is asked for a secret.
      const expected = printed.filter((line) => line !== '…' && line !== 'Secret:');
      there.push({ command, printed: expected.map(lasting) });
      here.push({ command, printed: actual.slice(0, shortened ? expected.length : undefined).map(lasting) });
    }
  }
  return { here, there };
}

async function printedBy(command: string): Promise<string[]> {
  const [, words = ''] = /^npx listo (.*)$/.exec(command) ?? [];
  const files = words
    .split(' ')
    .map((word) => (/\.sql$|^registrations$/.test(word) ? join(folder, word) : word));
  const input = new PassThrough().end('a secret\n');
  const { out, err } = await runOn(database, files, { input });
  return [...out, ...err.split('\n').filter((line) => line !== '')].map((line) =>
    line.replaceAll(`${folder}/`, ''),
  );
}

describe('the console of the documents prints what a command prints:', () => {
  it('applying a file', async () => {
    writeFileSync(join(folder, 'acme.sql'), sqlOf('an-instance-and-its-first-person'));
    writeFileSync(
      join(folder, 'spring.sql'),
      `UPDATE instances SET brand_color = '#123456' WHERE id = 'acmee';
UPDATE people SET name = 'Grace B. Hopper' WHERE id = 'b6d2ee09-6334-4156-bfce-4aaa6ea9bd92';
-- The contract has ended.
DELETE FROM instances WHERE id = 'acme';`,
    );
    const { here, there } = await converse(`${REGISTERING}#how-to-apply-a-registration`);
    expect(here).toEqual(there);
  });

  it('making a secret', async () => {
    const { here, there } = await converse(`${REGISTERING}#a-web-application-with-a-backend`);
    expect(here).toEqual(there);
  });

  it('sealing a secret', async () => {
    const { here, there } = await converse(
      `${REGISTERING}#an-instance-with-the-customers-own-openid-provider`,
    );
    expect(here).toEqual(there);
  });

  it('refusing a file', async () => {
    await register('an-instance-and-its-first-person');
    const right = sqlOf('a-web-application-with-a-backend');
    writeFileSync(
      join(folder, 'acme.sql'),
      fillIn(right, { 'https://portal.acme.example/callback': 'http://portal.acme.example/callback' }),
    );
    const { here, there } = await converse(`${REGISTERING}#what-a-refusal-means`);
    expect(here).toEqual(there);
  });

  it('listing what is registered', async () => {
    await register(
      'an-instance-and-its-first-person',
      'a-web-application-with-a-backend',
      'a-single-page-application',
    );
    const { here, there } = await converse(`${OPERATING}#what-is-registered`);
    expect(here).toEqual(there);
  });

  it('previewing tokens', async () => {
    await register('an-instance-and-its-first-person', 'a-web-application-with-a-backend');
    await database.knex('signing_keys').insert({
      ...{ kid: 'k'.repeat(43), key_set: 'oidc', alg: 'RS256', state: 'current', activated_at: new Date() },
      ...{ public_jwk: { n: Buffer.alloc(256).toString('base64url') }, private_jwk_sealed: 'never opened' },
    });
    const { here, there } = await converse(`${REGISTERING}#what-a-client-will-get`);
    expect(here).toEqual(there);
  });

  it('telling what changed since files were applied, and writing files', async () => {
    const path = join(folder, 'portal.sql');
    await register('an-instance-and-its-first-person');
    writeFileSync(path, sqlOf('a-web-application-with-a-backend').replaceAll(/^UPDATE[^;]*;/gm, ''));
    await runOn(database, ['apply', path, '--yes']);
    await database.knex.transaction(async (trx) => {
      await trx.raw("SET LOCAL listo.way = 'role listo_admin'");
      await trx('clients').where({ id: 'acme-portal' }).update({ name: 'Portal of Acme' });
    });
    const { here, there } = await converse(`${REGISTERING}#what-changed-since`);
    expect(here).toEqual(there);
    await database.knex('instances').whereNot({ id: 'acme' }).delete();
    const written = await converse(`${REGISTERING}#writing-the-registrations-into-files`);
    expect(written.here).toEqual(written.there);
  });

  it('changing a secret', async () => {
    await register('an-instance-and-its-first-person', 'a-web-application-with-a-backend');
    const { here, there } = await converse(`${OPERATING}#client-secrets`);
    expect(here).toEqual(there);
  });

  it('reading what was not delivered, and sending it again', async () => {
    await register('an-instance-and-its-first-person', 'a-web-application-with-a-backend');
    await database.knex.raw(`
      INSERT INTO deliveries (id, kind, client_id, payload, state, attempts, due_at, settled_at, last_error) OVERRIDING SYSTEM VALUE
      VALUES (7, 'backchannel_logout', 'acme-portal', '{}', 'given_up', 32, NULL, now(), 'The client answered with status 500.')`);
    const { here, there } = await converse(`${OPERATING}#deliveries`);
    expect(here).toEqual(there);
  });

  it('reading the audit trail', async () => {
    const { knex } = database;
    await knex.raw(`
      INSERT INTO audit_events (at, event, person_id, client_id, instance_id, way, address, request_id, detail) VALUES
      ('2026-11-27T09:30:00.412Z', 'sign_in.succeeded', 'ada', 'acme-portal', 'acme', 'request', '192.0.2.17', '01JDPM5C2Q9', '{"session": "kO2xVq1hT8", "methods": ["pwd"]}'),
      ('2026-11-27T14:02:11.083Z', 'person.disabled', 'ada', NULL, 'acme', 'role listo_admin', NULL, NULL, '{}'),
      ('2026-11-27T14:02:11.084Z', 'session.ended', 'ada', NULL, 'acme', 'role listo_admin', NULL, NULL, '{"session": "kO2xVq1hT8", "grants": 2, "cause": "person.disabled"}')`);
    const { here, there } = await converse(`${OPERATING}#the-audit-trail`);
    expect(here).toEqual(there);
  });

  it('reading why a request was refused', async () => {
    await register('an-instance-and-its-first-person', 'a-web-application-with-a-backend');
    await database.knex('refusals').insert({
      at: '2026-11-27T09:30:00.412Z',
      request_id: '0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d',
      service: 'listo',
      endpoint: '/auth/token',
      status: 400,
      client_id: 'acme-portal',
      client_is: 'authenticated',
      instance_id: 'acme',
      lane: 'listo acme-portal authenticated',
      error: 'invalid_grant',
      reason: 'code.redirect_uri_differs',
      came: { redirect_uri: 'https://portal.acme.example/calback' },
      expected: { redirect_uri: 'https://portal.acme.example/callback' },
    });
    const { here, there } = await converse(`${OPERATING}#why-a-request-was-refused`);
    expect(here).toEqual(there);
  });

  it('counting rows', async () => {
    const [block] = blocksAt(`${OPERATING}#what-the-database-holds`, 'console');
    const [{ command, printed } = { command: '', printed: [] }] = exchangesOf(block);
    const actual = await printedBy(command);
    expect(actual.slice(0, 1).map(lasting)).toEqual(printed.slice(0, 1).map(lasting));
    const tables = (lines: string[]) => lines.map((line) => /^\w+/.exec(line)?.[0]);
    expect(tables(actual)).toEqual(
      expect.arrayContaining(tables(printed.filter((line) => /^\w/.test(line)))),
    );
  });
});
