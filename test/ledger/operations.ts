import type { Answered, HonestClient } from './client.ts';
import { UNDER_WAY_MS } from './ends.ts';
import { fingerprint, type Ledger } from './ledger.ts';
import type { ListnrVerifier } from './listnr.ts';
import type { Random } from './random.ts';
import { askUserinfo, exchangeCode, introspect, mintListnr, refreshWith, revoke } from './requests.ts';
import type { Grant, Session, World } from './world.ts';

/** The operations of the load. Each records itself in the ledger. False: no grant was idle. */
export interface Operations {
  refresh(): Promise<boolean>;
  read(): Promise<boolean>;
  listnr(): Promise<boolean>;
  signIn(): Promise<boolean>;
  end(): Promise<boolean>;
}

export interface OperationsDependencies {
  client: HonestClient;
  world: World;
  ledger: Ledger;
  random: Random;
  verifyListnr: ListnrVerifier;
}

/**
 * Far shorter than an access token's hour. After a retry, the first request may still be under way. If it runs after
 * the successor was used, it is reuse; so the next use waits as long as a server can be busy with it.
 */
const REST_MS = 1000;

/**
 * `both`: refreshes at both processes at once. `dead`: reads with ended tokens. `newPerson`: sign-ins with the
 * password. `codeTwice` and `codeAtBoth`: sign-ins that misuse the code.
 */
const SHARES = { both: 0.1, dead: 0.15, newPerson: 0.08, codeTwice: 0.03, codeAtBoth: 0.03 };

export function createOperations(dependencies: OperationsDependencies): Operations {
  const { client, world, random, verifyListnr } = dependencies;

  return {
    async refresh() {
      const grant = world.idleGrant(random, client.now());
      if (!grant) return false;
      await whileBusy(grant, () =>
        refresh(grant, random.chance(SHARES.both) ? [0, 1] : [undefined], dependencies),
      );
      return true;
    },

    async read() {
      const grant = random.pick(random.chance(SHARES.dead) ? world.ended : world.grants);
      const token = grant && random.pick(grant.accessTokens);
      if (!token) return false;
      const purpose = { grant: grant.id, presented: fingerprint(token) };
      if (random.chance(0.5)) await client.ask({ operation: 'userinfo', ...purpose }, askUserinfo(token));
      else await client.ask({ operation: 'introspection', ...purpose }, introspect(token));
      return true;
    },

    async listnr() {
      const idToken = random.chance(0.5) ? random.pick(world.grants)?.idToken : undefined;
      await client.ask({ operation: 'listnr' }, verifyListnr(mintListnr(idToken)));
      return true;
    },

    async signIn() {
      const idle = world.sessions.filter(({ busy }) => !busy);
      const known = random.chance(SHARES.newPerson) ? undefined : random.pick(idle);
      const session = known ?? world.openSession();
      await whileBusy(session, () => signIn(session, dependencies));
      return true;
    },

    async end() {
      const grant = world.idleGrant(random, client.now());
      if (!grant) return false;
      await whileBusy(grant, () => end(grant, dependencies));
      return true;
    },
  };
}

async function whileBusy(thing: { busy: boolean }, work: () => Promise<void>): Promise<void> {
  thing.busy = true;
  await work().finally(() => {
    thing.busy = false;
  });
}

/** With several `processes`, sends the same token to all of them at once, as two tabs do. */
async function refresh(
  grant: Grant,
  processes: readonly (number | undefined)[],
  { client, world, ledger }: OperationsDependencies,
): Promise<void> {
  const presented = grant.refreshToken;
  const purpose = { operation: 'refresh', grant: grant.id, presented: fingerprint(presented) } as const;
  const answers = await Promise.all(
    processes.map((process) => client.ask(purpose, refreshWith(presented), process)),
  );
  const given = answers.find((answer) => answer?.reply.outcome === 'ok');
  if (given) world.renew(grant, given.reply.body);
  else world.end(grant);
  const retried = answers.some((answer) => !answer || answer.attempts > 1);
  grant.restsUntil = client.now() + (retried ? UNDER_WAY_MS * ledger.pace : REST_MS);
}

async function signIn(session: Session, dependencies: OperationsDependencies): Promise<void> {
  const { client, world, ledger, random } = dependencies;
  const startedAt = client.now();
  const id = world.nextId();
  const note = (lost: boolean) => ledger.signIns.push({ startedAt, endedAt: client.now(), lost });
  const authorized = await client.ask({ operation: 'authorization', grant: id }, session.person.authorize);
  const { code } = authorized?.reply.body ?? {};
  if (typeof code !== 'string') {
    forget(session, world);
    note(true);
    return;
  }
  const answers = await exchange(id, code, random, dependencies);
  const given = answers.find((answer) => answer?.reply.outcome === 'ok');
  // A person who came back with a code is signed in at the browser, whatever happens to the code.
  if (given) {
    const grant = world.addGrant(id, session, given.reply.body);
    if (answers.length > 1) world.end(grant);
    if (!world.sessions.includes(session)) world.sessions.push(session);
  }
  if (answers.length === 1) note(!given);
}

/** Exchanges a code, mostly once; sometimes twice, in turn or at once, as a thief of a code would. */
async function exchange(
  id: string,
  code: string,
  random: Random,
  { client }: OperationsDependencies,
): Promise<(Answered | undefined)[]> {
  const purpose = { operation: 'exchange', grant: id, presented: fingerprint(code) } as const;
  const send = exchangeCode(code);
  const kind = random.next();
  if (kind < SHARES.codeAtBoth)
    return Promise.all([client.ask(purpose, send, 0), client.ask({ ...purpose, misuse: true }, send, 1)]);
  const first = await client.ask(purpose, send);
  if (kind > SHARES.codeAtBoth + SHARES.codeTwice) return [first];
  return [first, await client.ask({ ...purpose, misuse: true }, send)];
}

function forget(session: Session, world: World): void {
  session.ended = true;
  const at = world.sessions.indexOf(session);
  if (at >= 0) world.sessions.splice(at, 1);
}

/** Revokes, signs out, or ends the sign-in by reuse: presents a refresh token that was used long ago. */
async function end(grant: Grant, dependencies: OperationsDependencies): Promise<void> {
  const { client, world, random } = dependencies;
  const kind = random.next();
  const [stolen] = grant.spent;
  if (kind < 0.4) {
    const ends = { grants: [grant.id] };
    await client.ask({ operation: 'revocation', ends }, revoke(grant.refreshToken));
    world.end(grant);
  } else if (kind < 0.7) {
    const [token = ''] = grant.accessTokens;
    await client.ask({ operation: 'revocation', ends: { token: fingerprint(token) } }, revoke(token));
  } else if (kind < 0.85 && stolen && grant.spent.length > 1) {
    const presented = fingerprint(stolen);
    await client.ask({ operation: 'refresh', grant: grant.id, presented, misuse: true }, refreshWith(stolen));
    world.end(grant);
  } else await whileBusy(grant.session, () => signOut(grant.session, dependencies));
}

async function signOut(session: Session, { client, world }: OperationsDependencies): Promise<void> {
  const { grants, person, idToken = '' } = session;
  const ends = { grants: grants.filter(({ ended }) => !ended).map(({ id }) => id) };
  forget(session, world);
  await client.ask({ operation: 'sign-out', ends }, person.signOut(idToken));
  for (const grant of grants) world.end(grant);
}
