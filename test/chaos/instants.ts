import type { HonestClient } from '../ledger/client.ts';
import { fingerprint, type Ledger, type Operation } from '../ledger/ledger.ts';
import { exchangeCode, type Reply, refreshWith } from '../ledger/requests.ts';
import type { Grant, World } from '../ledger/world.ts';
import type { Server } from '../machines/servers.ts';

/** More messages than any of these requests exchanges with Postgres. */
const MOST_MESSAGES = 40;

interface Dependencies {
  servers: readonly [Server, Server];
  client: HonestClient;
  world: World;
  ledger: Ledger;
}

/**
 * Kills a process at every message that a refresh, and then an exchange, sends to Postgres or receives from it. The
 * schedule of faults would meet these instants only by chance. The message is dropped: so one kill comes before a
 * statement ran, and the next after it ran without an answer. The client tries again at the other process.
 */
export async function killAtEveryInstant(dependencies: Dependencies): Promise<void> {
  for (const attempt of [refreshOnce, exchangeOnce]) {
    for (let message = 0; message < MOST_MESSAGES; message += 1) {
      if (!(await attempt(message, dependencies))) break;
    }
  }
}

async function refreshOnce(message: number, dependencies: Dependencies): Promise<boolean> {
  const { client, world } = dependencies;
  const [warm, grant] = world.grants.slice(message);
  if (!warm || !grant) throw new Error('Nobody is signed in.');
  const presented = grant.refreshToken;
  const purpose = { operation: 'refresh', grant: grant.id, presented: fingerprint(presented) } as const;
  const { killed, reply } = await killingAt(
    { message, operation: purpose.operation, warm },
    dependencies,
    () => client.ask(purpose, refreshWith(presented), 0),
  );
  if (reply?.outcome === 'ok') world.renew(grant, reply.body);
  return killed;
}

async function exchangeOnce(message: number, dependencies: Dependencies): Promise<boolean> {
  const { client, world } = dependencies;
  const [session] = world.sessions;
  const [warm] = world.grants;
  if (!session || !warm) throw new Error('Nobody is signed in.');
  const id = world.nextId();
  const authorized = await client.ask({ operation: 'authorization', grant: id }, session.person.authorize, 1);
  const code = String(authorized?.reply.body.code);
  const purpose = { operation: 'exchange', grant: id, presented: fingerprint(code) } as const;
  const { killed, reply } = await killingAt(
    { message, operation: purpose.operation, warm },
    dependencies,
    () => client.ask(purpose, exchangeCode(code), 0),
  );
  if (reply?.outcome === 'ok') world.addGrant(id, session, reply.body);
  return killed;
}

/**
 * Kills the first process at message number `message`, counted from 0, of the request in `work`. `killed` is false
 * when the request has fewer messages.
 */
async function killingAt(
  { message, operation, warm }: { message: number; operation: Operation; warm: Grant },
  { servers: [server], client, world, ledger }: Dependencies,
  work: () => ReturnType<HonestClient['ask']>,
): Promise<{ killed: boolean; reply: Reply | undefined }> {
  // First makes it connect to Postgres and remember the client, since not every request does.
  const presented = fingerprint(warm.refreshToken);
  const purpose = { operation: 'refresh', grant: warm.id, presented } as const;
  const warmed = await client.ask(purpose, refreshWith(warm.refreshToken), 0);
  if (warmed?.reply.outcome === 'ok') world.renew(warm, warmed.reply.body);

  let left = message;
  let killed = false;
  server.database.watch(() => {
    // Lets the messages of the next process pass, which may start before the answer arrives.
    if (killed || left-- > 0) return true;
    killed = true;
    server.kill();
    server.database.cut();
    return false;
  });
  const answered = await work();
  server.database.watch(undefined);
  if (killed) {
    await server.ready();
    ledger.instants.push({ operation, outcome: answered?.reply.outcome ?? 'silence' });
  }
  return { killed, reply: answered?.reply };
}
