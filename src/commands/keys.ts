import { createClientStore } from '../clients/client-store.ts';
import { dropCompromisedKeys, type RotationDependencies, rotateKeys } from '../keys/rotate-keys.ts';
import type { KeySet } from '../keys/signing-key.ts';
import { createSigningKeyStore, type SigningKeyStore } from '../keys/signing-key-store.ts';
import type { Queryable } from '../platform/database.ts';
import { OperatorError } from '../platform/errors.ts';
import { createSecretBox } from '../platform/secret-box.ts';
import type { Command, CommandContext } from './command.ts';

export const keysList: Command = {
  name: 'keys list',
  operands: ['SET'],
  summary: 'List the signing keys of a set, oidc or listnr, with their states.',
  run: (context, operands) =>
    withKeys(context, operands, async (keySet, { store }) => {
      for (const { kid, alg, state, promoteAfter } of await store.list(keySet)) {
        context.print(
          `${state} ${alg} ${kid}${promoteAfter ? ` signs from ${promoteAfter.toISOString()}` : ''}`,
        );
      }
    }),
};

export const keysRotate: Command = {
  name: 'keys rotate',
  operands: ['SET'],
  switches: ['compromised'],
  summary:
    'Publish the next key of a set now, ahead of the schedule; it signs once every cache knows it. With --compromised, drop the signing key at once: what it signed is worth nothing any more.',
  run: (context, operands, { switches }) =>
    withKeys(context, operands, async (keySet, rotation) => {
      const work = switches.has('compromised') ? drop : publishNext;
      for (const line of await work(keySet, rotation)) context.print(line);
    }),
};

export const keysReseal: Command = {
  name: 'keys reseal',
  operands: [],
  summary: 'Seal the private keys anew with the first KEY_ENCRYPTION_KEY, so that the others can go.',
  run: (context) =>
    withStore(context, async (store) => {
      context.print(`Sealed anew: ${await store.reseal()}.`);
    }),
};

/** Returns a line for each new key. Each algorithm gets one. */
async function publishNext(keySet: KeySet, rotation: RotationDependencies): Promise<string[]> {
  const changes = await rotateKeys(keySet, rotation, { force: true });
  const made = changes.flatMap((change) => (change.action === 'create' ? [change] : []));
  if (made.length === 0)
    return ['The next key is published already; npm run cli -- keys list says from when it signs.'];
  return made.map(({ promoteAfter, key }) =>
    promoteAfter
      ? `Published the next ${key?.alg} key; it signs from ${promoteAfter.toISOString()}.`
      : `Made the first ${key?.alg} key; it signs now.`,
  );
}

async function drop(keySet: KeySet, rotation: RotationDependencies): Promise<string[]> {
  await dropCompromisedKeys(keySet, rotation);
  return [
    'Dropped. Another key signs; every process follows within seconds, verifiers when their cache ends.',
  ];
}

function withKeys(
  context: CommandContext,
  [name]: readonly string[],
  work: (keySet: KeySet, rotation: RotationDependencies) => Promise<void>,
): Promise<void> {
  if (name !== 'oidc' && name !== 'listnr') throw new OperatorError('SET is oidc or listnr.');
  const { keyRotation, rsaBits } = context.settings();
  return withStore(context, (store, db) =>
    work(name, {
      store,
      policy: keyRotation,
      rsaBits,
      clock: context.clock,
      idTokenAlgorithms: () => createClientStore(db).idTokenAlgorithms(),
    }),
  );
}

async function withStore(
  context: CommandContext,
  work: (store: SigningKeyStore, db: Queryable) => Promise<void>,
): Promise<void> {
  const box = createSecretBox(context.settings().keyEncryptionKeys);
  const database = await context.openDatabase();
  try {
    await work(createSigningKeyStore(database.knex, box), database.knex);
  } finally {
    await database.close();
  }
}
