import { createHook } from 'node:async_hooks';
import { createPasswordStore } from '../../src/accounts/password-store.ts';
import { hashPassword, parametersIn, verifyPassword } from '../../src/platform/secrets/digest.ts';
import { openBrowser, type Page, redirectOf } from '../support/browsers/browser.ts';
import {
  type Answer,
  authorizationUrl,
  DEMO_WEB,
  exchange,
  refresh,
  signIn,
} from '../support/clients/relying-party.ts';
import { aPerson, type TestPerson } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const COST = { memoryKib: 12_288, iterations: 3, parallelism: 1 };
const CONFIGURED = 'm=12288,t=3,p=1';
const OLD = 'm=19456,t=2,p=1';

let server: TestServer;
let slowHashes = 0;
const hook = createHook({
  init(_id, type) {
    if (type === 'ARGON2REQUEST') slowHashes += 1;
  },
});
beforeAll(async () => {
  server = await startTestServer({
    env: {
      PASSWORD_HASH_MEMORY_KIB: String(COST.memoryKib),
      PASSWORD_HASH_ITERATIONS: String(COST.iterations),
    },
  });
  hook.enable();
});
afterAll(async () => {
  hook.disable();
  await server.close();
});

const people = () => server.database.knex('people');
const hashOf = async ({ id }: TestPerson): Promise<string> =>
  (await people().where({ id }).first('password_hash')).password_hash;

/** Posts the form of a new browser, and does not follow the answer. */
async function post({ email, password }: TestPerson): Promise<{ posted: Page; goOn(): Promise<Page> }> {
  const browser = openBrowser();
  const page = await browser.follow(await browser.get(authorizationUrl(server.url)), DEMO_WEB.redirect_uri);
  const posted = await browser.submit(page, '/sign-in', { email, password });
  return { posted, goOn: () => browser.follow(posted, DEMO_WEB.redirect_uri) };
}

/** Another process, of other parameters, does this when the person signs in there. */
async function replacedElsewhere(person: TestPerson): Promise<void> {
  const hashes = { from: await hashOf(person), to: await hashPassword(person.password) };
  await createPasswordStore(server.database.knex).replaceHash(person.id, hashes);
  expect(await hashOf(person)).toBe(hashes.to);
}

async function tokensOf(person: TestPerson): Promise<Answer> {
  const { callback } = await signIn(server.url, { person });
  return exchange(server.url, callback.get('code') ?? '');
}

/** The statuses of their refreshes. */
async function aliveAfter(answers: readonly Answer[]): Promise<number[]> {
  const statuses = [];
  for (const { body } of answers)
    statuses.push((await refresh(server.url, String(body.refresh_token))).status);
  return statuses;
}

const setHash = async ({ id }: TestPerson, password_hash: string): Promise<void> => {
  await people().where({ id }).update({ password_hash });
};

describe('a hash with other parameters than new ones', () => {
  it('is replaced by each right password, and nothing of the person ends', async () => {
    const person = await aPerson(server);
    expect(parametersIn(await hashOf(person))).toBe(OLD);
    const first = await tokensOf(person);
    const hash = await hashOf(person);
    expect(parametersIn(hash)).toBe(CONFIGURED);
    expect(await verifyPassword(person.password, hash)).toBe(true);

    await replacedElsewhere(person);
    const second = await tokensOf(person);
    expect(parametersIn(await hashOf(person))).toBe(CONFIGURED);
    expect(await aliveAfter([first, second])).toEqual([200, 200]);

    const told = server.database.knex('audit_events').where({ person_id: person.id });
    expect(await told.whereIn('event', ['password.changed', 'person.changed'])).toEqual([]);

    const again = await hashOf(person);
    await tokensOf(person);
    expect(await hashOf(person)).toBe(again);
  });

  it('may be replaced while its person is being sent back to the application', async () => {
    const person = await aPerson(server);
    const { goOn } = await post(person);
    await replacedElsewhere(person);
    await post(person);
    expect(redirectOf(await goOn())).toEqual({
      status: 303,
      location: expect.stringContaining(`${DEMO_WEB.redirect_uri}?code=`),
    });
  });

  it('leaves everything alive when it is set once more, as by a seed that is applied again', async () => {
    const person = await aPerson(server);
    const registered = await hashOf(person);
    const tokens = await tokensOf(person);
    await setHash(person, registered);
    expect(await aliveAfter([tokens])).toEqual([200]);
  });

  it.each([
    ['another password', async () => hashPassword('another good password')],
    ['a new hash of the same password', async ({ password }: TestPerson) => hashPassword(password)],
  ])('ends everything after it was replaced, when an operator sets %s', async (_what, hashFor) => {
    const person = await aPerson(server);
    const tokens = await tokensOf(person);
    const { goOn } = await post(person);
    await setHash(person, await hashFor(person));
    expect(await aliveAfter([tokens])).toEqual([400]);
    expect((await goOn()).location ?? '').not.toContain('code=');
  });

  it('stays for a wrong password, and for a person who is disabled', async () => {
    const [person, disabled] = [await aPerson(server), await aPerson(server, { disabled_at: new Date() })];
    const before = [await hashOf(person), await hashOf(disabled)];
    expect((await post({ ...person, password: 'wrong' })).posted.status).toBe(401);
    expect((await post(disabled)).posted.status).toBe(401);
    expect([await hashOf(person), await hashOf(disabled)]).toEqual(before);
  });

  it('is replaced by one of ten sign-ins at the same time, and each begins', async () => {
    const person = await aPerson(server);
    const answers = await Promise.all(Array.from({ length: 10 }, () => tokensOf(person)));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(parametersIn(await hashOf(person))).toBe(CONFIGURED);
    expect(await aliveAfter(answers)).toEqual(Array(10).fill(200));
  });
});

describe('a refused sign-in costs the same hashes', () => {
  const hashesOf = async (email: string): Promise<number> => {
    slowHashes = 0;
    expect((await post({ id: '', email, password: 'wrong' })).posted.status).toBe(401);
    return slowHashes;
  };

  it('whatever parameters a hash has, one for each that is in use', async () => {
    await people().where({ instance_id: 'demo' }).delete();
    const [old, current, disabled] = [await aPerson(server), await aPerson(server), await aPerson(server)];
    await setHash(current, await hashPassword(current.password, COST));
    await people().where({ id: disabled.id }).update({ disabled_at: new Date() });
    const all = [old.email, current.email, disabled.email, 'nobody@demo.example'];
    for (const email of all) expect({ email, hashes: await hashesOf(email) }).toEqual({ email, hashes: 2 });

    await people().whereIn('id', [old.id, disabled.id]).delete();
    for (const email of [current.email, 'nobody@demo.example'])
      expect({ email, hashes: await hashesOf(email) }).toEqual({ email, hashes: 1 });
  });

  it('but for hashes that are far dearer than new ones, which make only their own refusal longer', async () => {
    await people().where({ instance_id: 'demo' }).delete();
    const dear = await aPerson(server, {
      password_hash: await hashPassword('dear', { memoryKib: 73_729, iterations: 2, parallelism: 1 }),
    });
    expect(await hashesOf('nobody@demo.example')).toBe(1);
    expect(await hashesOf(dear.email)).toBe(2);
  });
});

describe('a password of a megabyte', () => {
  it('is refused before anybody hashes or looks', async () => {
    const { email } = await aPerson(server);
    const browser = openBrowser();
    const page = await browser.follow(await browser.get(authorizationUrl(server.url)));
    const password = 'a'.repeat(1024 * 1024);
    const statements: string[] = [];
    const note = ({ sql }: { sql: string }) => {
      if (/canonical_address|guesses/.test(sql)) statements.push(sql);
    };
    server.database.knex.on('query', note);
    slowHashes = 0;
    const { status } = await browser.submit(page, '/sign-in', { email, password });
    server.database.knex.removeListener('query', note);
    expect({ status, slowHashes, statements }).toEqual({ status: 413, slowHashes: 0, statements: [] });
  });
});
