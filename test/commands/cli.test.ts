import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../scripts/free-port.ts';
import { parseConfig } from '../../src/config.ts';
import { openDatabase } from '../../src/platform/database.ts';
import { createLogger } from '../../src/platform/log/logger.ts';
import { type RunningServer, startServer } from '../../src/server.ts';
import { embeddedTemplate } from '../support/databases/embedded-template.ts';
import { openTestDatabase } from '../support/databases/test-database.ts';
import { runJob } from '../support/servers/run-job.ts';
import { TEST_SECRETS } from '../support/servers/test-server.ts';

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
const DIGEST = `sha256:${'0'.repeat(64)}`;
const SILENT = createLogger({ level: 'silent' });

let folder: string;
let server: RunningServer;
let environment: Record<string, string>;

/** A server on an embedded database, with two seeds, the second of which needs the first. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'listo-cli-'));
  const seeds = join(folder, 'seeds');
  mkdirSync(seeds);
  writeFileSync(
    join(seeds, '10-instance.sql'),
    "INSERT INTO instances (id, name) VALUES ('acme', 'Acme') ON CONFLICT DO NOTHING",
  );
  writeFileSync(
    join(seeds, '20-person.sql'),
    "INSERT INTO people (id, instance_id) VALUES ('ada', 'acme') ON CONFLICT DO NOTHING",
  );
  writeFileSync(join(seeds, 'README.md'), 'Not SQL.');
  environment = {
    ...TEST_SECRETS,
    DATA_DIR: join(folder, 'data'),
    PORT: String(await freePort()),
    HOST: 'localhost',
    SEEDS_DIR: seeds,
  };
  const config = parseConfig(environment);
  const database = await openDatabase({ dataDir: environment.DATA_DIR, template: embeddedTemplate() });
  server = await startServer(config, { logger: SILENT, database });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

/** Runs `npx listo …` as a process, with `input` as its standard input. */
async function cli(words: string[], { env = environment, input = '', cwd = folder } = {}) {
  const child = spawn(process.execPath, [CLI, ...words], { cwd, env });
  const output = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    output.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output.err += chunk;
  });
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code, ...output };
}

/** The error for an unknown code: `invalid_grant` if the client authenticated. */
async function authenticationWith(secret: string): Promise<string> {
  const answer = await fetch(new URL('/auth/token', server.services.config.issuer), {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: 'none',
      redirect_uri: 'https://app.example/callback',
      client_id: 'acme-web',
      client_secret: secret,
    }),
  });
  return ((await answer.json()) as { error: string }).error;
}

describe('the command line beside a running server', () => {
  it('registers a client that the server serves at once', async () => {
    const file = join(folder, 'client.sql');
    writeFileSync(
      file,
      `INSERT INTO clients (id, instance_id, name, type, redirect_uris, require_pkce)
       VALUES ('acme-web', 'acme', 'Acme', 'confidential', ARRAY['https://app.example/callback'], false)
       ON CONFLICT (id) DO NOTHING;
       INSERT INTO client_secrets (client_id, digest) VALUES ('acme-web', '${DIGEST}')
       ON CONFLICT (client_id, name) DO NOTHING;`,
    );
    expect(await cli(['seed', file])).toEqual({
      code: 0,
      out: 'inserted clients acme-web\ninserted client_secrets acme-web default\n',
      err: '',
    });
    expect(await cli(['seed', file])).toEqual({ code: 0, out: 'Nothing changed.\n', err: '' });

    const request = new URL('/auth/authorize', server.services.config.issuer);
    request.search = String(
      new URLSearchParams({
        response_type: 'code',
        client_id: 'acme-web',
        redirect_uri: 'https://app.example/callback',
        scope: 'openid',
      }),
    );
    const answer = await fetch(request, { redirect: 'manual' });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toMatch(/^\/interaction\//);
  });

  it('changes a secret without a gap: the server knows the new one, then no longer the old one', async () => {
    const { code, out, err } = await cli(['client', 'secret', 'add', 'acme-web', '--name', 'first']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const [, first = ''] = /: (\S+)\n/.exec(out) ?? [];
    await runJob(server, 'watch-versions');
    expect(await authenticationWith(first)).toBe('invalid_grant');
    const listed = (await cli(['client', 'secret', 'list', 'acme-web'])).out.split('\n');
    expect(listed.slice(1).map((line) => line.replaceAll(/\d{4}-\S*Z/g, 'TIME').split(/ {2,}/))).toEqual([
      ['default', 'TIME', 'never', 'never', 'live'],
      ['first', 'TIME', 'never', 'TIME', 'live'],
      [''],
    ]);

    expect(await cli(['client', 'secret', 'add', 'acme-web', '--name', 'second'])).toMatchObject({ code: 0 });
    expect(await cli(['client', 'secret', 'revoke', 'acme-web', 'first'])).toMatchObject({ code: 0 });
    await runJob(server, 'watch-versions');
    expect(await authenticationWith(first)).toBe('invalid_client');
  });

  it('answers 1 and a sentence, without a stack, for a wrong file', async () => {
    const file = join(folder, 'wrong.sql');
    writeFileSync(file, "INSERT INTO people (id, instance_id) VALUES ('grace', 'nowhere')");
    expect(await cli(['seed', file])).toEqual({
      code: 1,
      out: '',
      err: `${file}: person "grace" belongs to the instance "nowhere", which does not exist
  Insert the instance first, or correct instance_id. SELECT id FROM instances lists them.
  Constraint: instance_exists
  Nothing of the file was applied.\n`,
    });
  });
});

describe('the command line alone', () => {
  it('needs no configuration to make a secret', async () => {
    const { code, out, err } = await cli(['client', 'secret'], { env: { NODE_ENV: 'production' } });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^Secret, shown only now and kept nowhere: [A-Za-z0-9_-]{43}\n/);
  });

  it('reads a secret from standard input', async () => {
    const { code, out, err } = await cli(['seal', 'upstream:acme'], { input: 's3cret\n' });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(server.services.box.open(out.trim(), 'upstream:acme')).toBe('s3cret');
  });

  it('seals with no key that was made up, before it asks for the secret', async () => {
    const { KEY_ENCRYPTION_KEY: _key, ...rest } = environment;
    const env = { ...rest, DATA_DIR: join(folder, 'development') };
    expect(await cli(['seal', 'upstream:acme'], { env, input: 's3cret\n' })).toEqual({
      code: 1,
      out: '',
      err: "KEY_ENCRYPTION_KEY is not set, so no server could open what is sealed. Give the server's key. A server in development keeps its own: KEY_ENCRYPTION_KEY_FILE=.data/development-secrets/KEY_ENCRYPTION_KEY\n",
    });
  });

  it('lists every mistake of the configuration that it uses at once, and nothing else', async () => {
    expect(
      await cli(['migrate'], {
        env: { ...environment, DATABASE_POOL_SIZE: 'x', DATABASE_POOL_MIN: 'y', LOG_LEVEL: 'z' },
      }),
    ).toEqual({
      code: 1,
      out: '',
      err: `The configuration is wrong:
  - DATABASE_POOL_SIZE is "x"; it takes a whole number from 2 to 1000.
  - DATABASE_POOL_MIN is "y"; it takes a whole number from 0 to 10.\n`,
    });
  });

  it('makes no database to read from it', async () => {
    const DATA_DIR = join(folder, 'nothing', 'yet');
    const { KEY_ENCRYPTION_KEY: _key, ...rest } = environment;
    for (const call of ['client list', 'person show ada', 'client secret list web', 'keys list oidc'])
      expect(await cli(call.split(' '), { env: { ...rest, DATA_DIR } })).toEqual({
        code: 1,
        out: '',
        err: `There is no database in ${DATA_DIR} yet; npm start makes it.\n`,
      });
    mkdirSync(DATA_DIR, { recursive: true });
    expect(await cli(['database', 'stats'], { env: { ...rest, DATA_DIR } })).toMatchObject({
      code: 1,
      out: '',
    });
    expect(readdirSync(DATA_DIR)).toEqual([]);
  });

  it('makes the database to register in it', async () => {
    const env = { ...environment, DATA_DIR: join(folder, 'made-by-a-seed') };
    const file = join(folder, 'first.sql');
    writeFileSync(file, "INSERT INTO instances (id, name) VALUES ('first', 'First') ON CONFLICT DO NOTHING");
    const { code, out, err } = await cli(['seed', file], { env });
    expect({ code, err, last: out.split('\n').at(-2) }).toEqual({
      code: 0,
      err: '',
      last: 'inserted instances first',
    });
    expect((await cli(['instance', 'list'], { env })).out).toMatch(/^first +First +password$/m);
  });

  it('reads .env of the working directory, behind the environment', async () => {
    const cwd = join(folder, 'with-env');
    mkdirSync(cwd);
    writeFileSync(join(cwd, '.env'), 'DATABASE_POOL_SIZE=from-file\nDATABASE_POOL_MIN=from-file\n');
    const { code, err } = await cli(['migrate'], {
      cwd,
      env: { ...environment, DATABASE_POOL_SIZE: 'from-environment' },
    });
    expect(code).toBe(1);
    expect(err.match(/\w+ is "[^"]+"/g)).toEqual([
      'DATABASE_POOL_SIZE is "from-environment"',
      'DATABASE_POOL_MIN is "from-file"',
    ]);
  });

  it('says when Postgres does not answer, without the password', async () => {
    const DATABASE_URL = `postgres://listo:hunter2@127.0.0.1:${await freePort()}/listo`;
    const { code, out, err } = await cli(['migrate'], { env: { ...environment, DATABASE_URL } });
    expect({ code, out, err: err.replace(/:\d+/, ':PORT') }).toEqual({
      code: 1,
      out: '',
      err: 'Postgres at 127.0.0.1:PORT/listo does not answer (ECONNREFUSED). Start it, or correct DATABASE_URL.\n',
    });
  });
});

describe('SEEDS_DIR', () => {
  it('is applied at start, in the order of names, and only what ends in .sql', async () => {
    expect(await server.services.database.knex('people').where({ id: 'ada' }).pluck('instance_id')).toEqual([
      'acme',
    ]);
  });

  it('stops the start at the first wrong file, which it names', async () => {
    const seeds = join(folder, 'wrong-seeds');
    mkdirSync(seeds);
    writeFileSync(join(seeds, '1-good.sql'), "INSERT INTO instances (id, name) VALUES ('good', 'Good')");
    writeFileSync(join(seeds, '2-wrong.sql'), 'SELECT 1/0');
    writeFileSync(join(seeds, '3-wrong-too.sql'), "SELECT 'one'::integer");
    const config = parseConfig({ ...environment, SEEDS_DIR: seeds });

    await expect(startServer(config, { logger: SILENT, database: await openTestDatabase() })).rejects.toThrow(
      `${join(seeds, '2-wrong.sql')}: division by zero\n  Nothing of the file was applied.`,
    );
  });
});
