import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { actsFor } from '../../src/audit/record.ts';
import { openTestDatabase, type TestDatabase } from '../support/databases/test-database.ts';
import { runOn } from '../support/registrations/command-line.ts';
import { DIGEST } from '../support/registrations/registration.ts';

const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;
const ACME = `
INSERT INTO instances (id, name) VALUES ('acme', 'Acme') ON CONFLICT (id) DO UPDATE SET name = excluded.name;
INSERT INTO clients (id, instance_id, name, type, redirect_uris)
VALUES ('portal', 'acme', 'Portal', 'confidential', '{https://portal.acme.example/callback}')
ON CONFLICT (id) DO UPDATE SET name = excluded.name;
INSERT INTO client_secrets (client_id, digest) VALUES ('portal', '${DIGEST}') ON CONFLICT DO NOTHING;
INSERT INTO people (id, instance_id, email) VALUES ('ada', 'acme', 'ada@acme.example') ON CONFLICT DO NOTHING;`;

let folder: string;
let database: TestDatabase;
let role: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'listo-drift-'));
  database = await openTestDatabase();
  const { rows } = await database.knex.raw('SELECT session_user AS name');
  role = `role ${rows[0].name}`;
  await apply('acme.sql', ACME);
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await database.close();
});

function file(name: string, sql: string): string {
  const path = join(folder, name);
  writeFileSync(path, sql);
  return path;
}

async function apply(name: string, sql: string): Promise<string> {
  const path = file(name, sql);
  expect(await runOn(database, ['apply', path, '--yes'])).toMatchObject({ code: 0 });
  return path;
}

/** Without the times. */
async function drift(...words: string[]) {
  const { code, out, err } = await runOn(database, ['drift', ...words]);
  return { code, out: out.map((line) => line.replaceAll(TIME, 'TIME')), err: err.replaceAll(TIME, 'TIME') };
}

const NOTHING = { code: 0, out: ['Nothing differs.'] };
const portal = () => database.knex('clients').where({ id: 'portal' });

describe('the drift', () => {
  it('is none after files were applied, also again and by another file', async () => {
    const path = join(folder, 'acme.sql');
    expect(await drift()).toEqual({ ...NOTHING, err: `Since TIME, when ${path} was applied.\n` });
    await apply('acme.sql', ACME);
    await apply('more.sql', "UPDATE clients SET require_consent = true WHERE id = 'portal'");
    expect(await drift()).toMatchObject(NOTHING);
  });

  it('tells of SQL, with its role, from what to what', async () => {
    await portal().update({ name: 'Other', redirect_uris: ['https://portal.acme.example/new'] });
    await portal().update({ name: 'Third' });
    expect(await drift()).toMatchObject({
      code: 2,
      out: [
        '~ client portal',
        '    name: Portal → Third',
        '    redirect_uris: without https://portal.acme.example/callback, with https://portal.acme.example/new',
        `    TIME  by ${role}`,
        `    TIME  by ${role}`,
      ],
    });
  });

  it('tells of a command', async () => {
    await runOn(database, ['client', 'secret', 'add', 'portal', '--name', 'spring']);
    expect(await drift()).toMatchObject({
      code: 2,
      out: [
        '+ client_secret portal spring',
        '    client_id: portal',
        '    name: spring',
        '    digest: the trail does not keep its value',
        '    TIME  by command client secret',
      ],
    });
  });

  it('tells of a request to the server, with its id and address', async () => {
    await database.knex.transaction(async (trx) => {
      await actsFor(trx, { address: '192.0.2.7', requestId: 'abc-1' });
      await trx('clients').where({ id: 'portal' }).update({ require_consent: true });
    });
    expect(await drift()).toMatchObject({
      code: 2,
      out: [
        '~ client portal',
        '    require_consent: false → true',
        '    TIME  by request abc-1 from 192.0.2.7',
      ],
    });
  });

  it('tells of another file, where files are named, and what these would change back', async () => {
    const acme = join(folder, 'acme.sql');
    const other = await apply('other.sql', "UPDATE clients SET name = 'By another file' WHERE id = 'portal'");
    expect(await drift()).toMatchObject(NOTHING);
    expect(await drift(acme)).toEqual({
      code: 2,
      out: [
        '~ client portal',
        '    name: Portal → By another file',
        `    TIME  by seed ${other}`,
        '',
        'The files would change now:',
        `${acme}:3: INSERT clients, 1 row`,
        '  ~ clients portal',
        '      name: By another file → Portal',
        expect.stringContaining('its DO UPDATE does not'),
        'Rows to insert: 0, to update: 1, to delete: 0.',
      ],
      err: `Since TIME, when ${acme} was applied.\n`,
    });
    expect(await drift(folder)).toMatchObject({ code: 0 });
  });

  it('tells of rows that were deleted and made, and of all of a table', async () => {
    await portal().delete();
    await database.knex('clients').insert({
      ...{
        id: 'spa',
        instance_id: 'acme',
        name: 'SPA',
        type: 'public',
        redirect_uris: ['https://a.example/'],
      },
    });
    const { code, out } = await drift();
    expect(code).toBe(2);
    expect(out.filter((line) => /^[-+~]/.test(line))).toEqual(['- client portal', '+ client spa']);
    expect(out).toContain('    redirect_uris: https://a.example/');
    await database.knex.raw('TRUNCATE clients CASCADE');
    expect((await drift()).out.filter((line) => /^[-+~]/.test(line)).toSorted()).toEqual([
      '- all of client',
      '- all of client_secret',
    ]);
  });

  it('tells of secrets by name alone', async () => {
    const digest = `sha256:${'1'.repeat(64)}`;
    await database.knex('client_secrets').update({ digest });
    const { out } = await drift();
    expect(out).toEqual([
      '~ client_secret portal default',
      '    digest: the trail does not keep its value',
      `    TIME  by ${role}`,
    ]);
  });

  it('is JSON with --json', async () => {
    await portal().update({ name: 'Other' });
    const { code, out } = await runOn(database, ['drift', '--json', join(folder, 'acme.sql')]);
    const hash = expect.stringMatching(/^[0-9a-f]{64}$/);
    expect({ code, report: JSON.parse(out.join('\n')) }).toEqual({
      code: 2,
      report: {
        ...{ since: expect.any(String), applied_file: join(folder, 'acme.sql') },
        ...{ trail_begins: expect.any(String), trail_complete: true },
        changes: [
          {
            ...{ operation: 'changed', thing: 'client', key: 'portal', named: [] },
            fields: [{ column: 'name', old: 'Portal', new: 'Other' }],
            by: [{ at: expect.any(String), way: role, address: null, request_id: null }],
          },
        ],
        files: [
          {
            file: join(folder, 'acme.sql'),
            sha256: hash,
            applied_at: expect.any(String),
            applied_sha256: hash,
          },
        ],
        would_change: [
          {
            ...{ file: join(folder, 'acme.sql'), table: 'clients', operation: 'update', key: 'portal' },
            fields: [{ column: 'name', old: 'Other', new: 'Portal' }],
          },
        ],
      },
    });
  });
});

describe('no drift is', () => {
  it('a change that was undone', async () => {
    await portal().update({ name: 'Other', require_consent: true });
    await portal().update({ require_consent: false });
    await portal().update({ name: 'Portal' });
    expect(await drift()).toMatchObject(NOTHING);
  });

  it('a row that was made and deleted, or deleted and made again as it was', async () => {
    const spa = {
      id: 'spa',
      instance_id: 'acme',
      name: 'SPA',
      type: 'public',
      redirect_uris: ['https://a.example/'],
    };
    await apply(
      'spa.sql',
      "INSERT INTO clients (id, instance_id, name, type, redirect_uris) VALUES ('spa', 'acme', 'SPA', 'public', '{https://a.example/}')",
    );
    await database.knex('clients').where({ id: 'spa' }).delete();
    await database.knex('clients').insert(spa);
    await database.knex('clients').insert({ ...spa, id: 'spa2' });
    await database.knex('clients').where({ id: 'spa2' }).delete();
    expect(await drift()).toMatchObject(NOTHING);
    await database.knex('clients').where({ id: 'spa' }).delete();
    await database.knex('clients').insert({ ...spa, name: 'Another' });
    expect((await drift()).out.slice(0, 2)).toEqual(['~ client spa', '    name: SPA → Another']);
  });

  it('a change that a file has overwritten since, column by column', async () => {
    await portal().update({ name: 'Other', require_consent: true });
    await apply('acme.sql', ACME);
    await runOn(database, ['drift']);
    expect((await drift('--since', '1h')).out).toEqual([
      '~ client portal',
      '    require_consent: false → true',
      `    TIME  by ${role}`,
    ]);
  });

  it('what went with an instance that a file deleted', async () => {
    await portal().update({ name: 'Other' });
    await apply('end.sql', "DELETE FROM instances WHERE id = 'acme'");
    expect(await drift('--since', '1h')).toMatchObject(NOTHING);
  });

  it('a change of people, unless they are asked for; the trail has no values of theirs', async () => {
    const ada = () => database.knex('people').where({ id: 'ada' });
    await ada().update({ disabled_at: database.knex.fn.now(), email: 'other@acme.example' });
    await database.knex('worker_ids').insert({ person_id: 'ada', worker_id: 'w' });
    expect(await drift()).toMatchObject(NOTHING);
    const { code, out } = await drift('--people');
    expect({ code, out }).toEqual({
      code: 2,
      out: [
        '~ person ada',
        '    disabled: false → true',
        '    email: the trail does not keep its value',
        `    TIME  by ${role}`,
        `    TIME  by ${role}`,
        '+ worker_id ada w',
        '    person_id: ada',
        '    worker_id: w',
        `    TIME  by ${role}`,
      ],
    });
    expect(JSON.stringify(out)).not.toContain('@');
  });
});

describe('the drift says', () => {
  it('which files are not as they were applied, or never were', async () => {
    const acme = file('acme.sql', `${ACME}\n-- a remark`);
    const fresh = file('fresh.sql', 'SELECT 1');
    expect(await drift(acme, fresh)).toEqual({
      ...NOTHING,
      err: `Since TIME, when ${acme} was applied.\n${acme} is not as it was applied at TIME.\n${fresh}: the trail tells of no application of it.\n`,
    });
  });

  it('nothing of that about a file that lies in another folder now', async () => {
    const moved = mkdtempSync(join(folder, 'moved-'));
    writeFileSync(join(moved, 'acme.sql'), ACME);
    await portal().update({ require_consent: true });
    expect(await drift(join(moved, 'acme.sql'))).toEqual({
      code: 2,
      out: ['~ client portal', '    require_consent: false → true', `    TIME  by ${role}`],
      err: `Since TIME, when ${join(folder, 'acme.sql')} was applied.\n`,
    });
  });

  it('that the trail is truncated', async () => {
    await portal().update({ name: 'Other' });
    await database
      .knex('audit_events')
      .where({ event: 'seeds.applied' })
      .orWhere('way', 'like', 'seed %')
      .delete();
    expect(await drift()).toMatchObject({
      code: 2,
      err: 'The audit trail tells of no application of a file, so all its changes are told. The audit trail begins at TIME; what changed before is not known.\n',
    });
    expect((await drift('--since', '2020-01-01')).err).toBe(
      'Since TIME. The audit trail begins at TIME; what changed before is not known.\n',
    );
    await database.knex('audit_events').delete();
    expect(await drift()).toEqual({
      ...NOTHING,
      err: 'The audit trail tells of no application of a file, so all its changes are told. The audit trail is empty.\n',
    });
    const report = JSON.parse((await runOn(database, ['drift', '--json'])).out.join('\n'));
    expect(report).toMatchObject({ since: null, trail_begins: null, trail_complete: false });
  });

  it('the last change by a file, where a release before applied it', async () => {
    await database.knex('audit_events').where({ event: 'seeds.applied' }).delete();
    await portal().update({ name: 'Other' });
    const { code, out, err } = await drift();
    expect({ code, first: out[0] }).toEqual({ code: 2, first: '~ client portal' });
    expect(err).toBe(`Since TIME, when ${join(folder, 'acme.sql')} was applied.\n`);
  });

  it('what changed since the file that was applied first, of several', async () => {
    await portal().update({ require_consent: true });
    await apply('other.sql', "UPDATE instances SET name = 'Acme Two' WHERE id = 'acme'");
    expect(await drift()).toMatchObject({
      code: 2,
      out: ['~ client portal', '    require_consent: false → true', `    TIME  by ${role}`],
    });
    expect(await drift(join(folder, 'other.sql'))).toMatchObject(NOTHING);
  });

  it('nothing that a terminal would obey', async () => {
    await portal().update({ name: 'a' });
    await database
      .knex('audit_events')
      .where({ event: 'client.changed' })
      .update({ way: 'role \u001B[2J\u202Ex' });
    expect((await drift()).out.at(-1)).toBe('    TIME  by role \\u001b[2J\\u202ex');
  });
});
