import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../scripts/free-port.ts';
import { findBinaries } from '../../scripts/installed-postgres.ts';
import { digestSecret } from '../../src/platform/secrets/digest.ts';
import { type Browser, openBrowser } from '../support/browsers/browser.ts';
import {
  authorizationUrl,
  DEMO_WEB,
  exchange,
  getJson,
  obtainCode,
  obtainTokens,
  postForm,
  refresh,
  signIn,
  type Tokens,
  userinfo,
} from '../support/clients/relying-party.ts';
import { openTestDatabase, type TestDatabase } from '../support/databases/test-database.ts';
import { blocksAt, fillIn } from '../support/documents/blocks.ts';
import { rowsOf } from '../support/documents/rows.ts';
import { openShell, type Shell } from '../support/documents/shell.ts';
import { aPerson, type TestPerson } from '../support/registrations/factories.ts';
import { startServerProcess } from '../support/servers/server-process.ts';
import { TEST_SECRETS, unique } from '../support/servers/test-server.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SEEDS_DIR = join(ROOT, 'config/seeds');
const PLACE = 'docs/operating.md#backup-and-restore';
/** Each restore starts a server and several commands, on a machine that others use as well. */
const PATIENCE_MS = 300_000;
const OLD_SECRET = 'a-secret-that-is-revoked-after-the-backup-001';

/** All that a request can show, at the moment of the backup. */
interface Before {
  kid: string;
  person: TestPerson;
  /** The cookies of a browser, as somebody else may have copied them. */
  cookies: string;
  browser: Browser;
  signedOut: Tokens;
  revoked: Tokens;
  rotated: Tokens;
  code: string;
}

let issuer: string;
let folder: string;
let database: TestDatabase;
let before: Before;
/** The first refresh token that was made since. */
let older: string;
/** A sign-in since, with a key that was made since. */
let later: Tokens;

beforeAll(async () => {
  issuer = `http://localhost:${await freePort()}`;
  folder = mkdtempSync(join(tmpdir(), 'listo-restore-'));
  database = await openTestDatabase();
  const server = await startOn(database.url ?? '');
  const shell = shellOn(database.url ?? '');
  before = await prepare();
  await shell.run(blockOf('pg_dump'));
  older = await endAll(shell);
  later = await obtainTokens(issuer);
  shell.close();
  await server.stop();
}, PATIENCE_MS);
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

/** No step brings back what is younger than the backup. */
const LOST = { 'a sign-in since': 'invalid_grant', 'an access token of a key since': 'invalid_token' };

describe('a backup that was restored', () => {
  it(
    'has what ended since, unless the steps of docs/operating.md are taken',
    async () => {
      expect(await afterRestore()).toEqual({
        'a copied cookie of a session that ended': 'a code',
        'a refresh token that was rotated': 200,
        'a code that was used': 200,
        'an access token that was revoked': 200,
        'a person who was disabled': 'signed in',
        'a secret that was revoked': 'accepted',
        'a key that was dropped': 'published',
        ...LOST,
      });
    },
    PATIENCE_MS,
  );

  it(
    'has nothing of it after these steps',
    async () => {
      expect(
        await afterRestore(async (shell) => {
          await shell.run(blockOf('TRUNCATE'));
          await endByHand(shell);
        }),
      ).toEqual({
        'a copied cookie of a session that ended': 'login_required',
        'a refresh token that was rotated': 'invalid_grant',
        'a code that was used': 'invalid_grant',
        'an access token that was revoked': 'invalid_token',
        'a person who was disabled': 'refused',
        'a secret that was revoked': 'invalid_client',
        'a key that was dropped': 'unknown',
        ...LOST,
      });
    },
    PATIENCE_MS,
  );
});

/** The moment of the backup. */
async function prepare(): Promise<Before> {
  const { client_id } = DEMO_WEB;
  await database.knex('client_secrets').insert({ client_id, name: 'old', digest: digestSecret(OLD_SECRET) });
  const browser = openBrowser();
  const signedOut = await obtainTokens(issuer, {}, browser);
  return {
    kid: (await publishedKids())[0] ?? '',
    person: await aPerson({ database }),
    browser,
    signedOut,
    cookies: browser
      .cookies()
      .map(({ name, value }) => `${name}=${value}`)
      .join('; '),
    revoked: await obtainTokens(issuer),
    rotated: await obtainTokens(issuer),
    code: await obtainCode(issuer),
  };
}

/** The acts since the backup. */
async function endAll(shell: Shell): Promise<string> {
  const { browser, signedOut, revoked, rotated, code } = before;
  await browser.get(`${issuer}/auth/logout?id_token_hint=${signedOut.id_token}`);
  const { client_id, client_secret } = DEMO_WEB;
  await postForm(`${issuer}/auth/revoke`, { token: revoked.access_token, client_id, client_secret });
  const first = String((await refresh(issuer, rotated.refresh_token ?? '')).body.refresh_token);
  await refresh(issuer, first);
  await exchange(issuer, code);
  await endByHand(shell);
  return first;
}

/** The acts that have to be done again, as the last column of the document's table says them. */
async function endByHand(shell: Shell): Promise<void> {
  const [disable, revoke, drop] = [
    fillIn(wayOf('a person was disabled or deleted'), { '…': before.person.id }),
    fillIn(wayOf('a secret of a client was revoked'), { CLIENT_ID: DEMO_WEB.client_id, NAME: 'old' }),
    fillIn(wayOf('a signing key was dropped'), { KID: before.kid }),
  ];
  const commands = fillIn(`${revoke}\n${drop}`, { 'npx listo': `'${process.execPath}' src/cli.ts` });
  await shell.run(`psql "$DATABASE_URL" --command "${disable}"\n${commands}`);
}

/** Restores the backup into a new database, takes the steps, and starts a server on it. */
async function afterRestore(steps = async (_shell: Shell) => {}) {
  const name = unique('restored').replace('-', '_');
  await database.knex.raw('CREATE DATABASE ??', [name]);
  const url = Object.assign(new URL(database.url ?? ''), { pathname: `/${name}` }).href;
  const shell = shellOn(url);
  try {
    await shell.run(blockOf('pg_restore'));
    await steps(shell);
    const server = await startOn(url);
    const seen = await look();
    await server.stop();
    return seen;
  } finally {
    shell.close();
    await database.knex.raw('DROP DATABASE ?? WITH (FORCE)', [name]);
  }
}

async function look() {
  const { cookies, revoked, code, person, kid } = before;
  const thief = openBrowser({ headers: { cookie: cookies } });
  const silent = await thief.get(authorizationUrl(issuer, { prompt: 'none' }));
  const answer = new URL(silent.location ?? '').searchParams;
  const access = await userinfo(issuer, revoked.access_token);
  const old = await exchange(issuer, 'no code', { client_secret: OLD_SECRET });
  return {
    'a copied cookie of a session that ended': answer.has('code') ? 'a code' : answer.get('error'),
    'a refresh token that was rotated': outcome(await refresh(issuer, older)),
    'a code that was used': outcome(await exchange(issuer, code)),
    'an access token that was revoked': outcome(access),
    'a person who was disabled': await signIn(issuer, { person }).then(
      () => 'signed in',
      () => 'refused',
    ),
    'a secret that was revoked': old.body.error === 'invalid_grant' ? 'accepted' : old.body.error,
    'a key that was dropped': (await publishedKids()).includes(kid) ? 'published' : 'unknown',
    'a sign-in since': outcome(await refresh(issuer, later.refresh_token ?? '')),
    'an access token of a key since': outcome(await userinfo(issuer, later.access_token)),
  };
}

function outcome(answer: Awaited<ReturnType<typeof refresh>>): unknown {
  return answer.status === 200 ? 200 : answer.body.error;
}

async function publishedKids(): Promise<string[]> {
  const { body } = await getJson(`${issuer}/auth/jwks`);
  return (body.keys as { kid: string }[]).map(({ kid }) => kid);
}

function startOn(url: string) {
  return startServerProcess(url, { PORT: new URL(issuer).port, SEEDS_DIR });
}

function shellOn(url: string): Shell {
  const PATH = `${findBinaries()}:${process.env.PATH}`;
  return openShell({ cwd: ROOT, env: { ...TEST_SECRETS, PATH, DATABASE_URL: url } });
}

/** The block of the document with this word; the dump goes to a folder of the test. */
function blockOf(word: string): string {
  const text = blocksAt(PLACE, 'sh').find((block) => block.text.includes(word))?.text ?? '';
  return word === 'TRUNCATE' ? text : fillIn(text, { 'listo.dump': join(folder, 'listo.dump') });
}

/** The first statement or command in the last column of a row. */
function wayOf(what: string): string {
  const [, , way = ''] =
    rowsOf('docs/operating.md', '| since the backup |').find(([first]) => first === what) ?? [];
  return /`([^`]+)`/.exec(way)?.[1] ?? '';
}
