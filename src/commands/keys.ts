import { createClientStore } from '../clients/client-store.ts';
import { createPastKeyStore, type PastKeyStore } from '../keys/past-key-store.ts';
import { dropCompromisedKeys, type RotationDependencies, rotateKeys } from '../keys/rotate-keys.ts';
import type { KeySet } from '../keys/signing-key.ts';
import { createSigningKeyStore, type SigningKeyStore } from '../keys/signing-key-store.ts';
import type { Queryable } from '../platform/database.ts';
import { OperatorError } from '../platform/errors.ts';
import { createSecretBox } from '../platform/secrets/secret-box.ts';
import type { Command, CommandContext, KeySettings } from './command.ts';

export const keysList: Command = {
  name: 'keys list',
  operands: ['SET'],
  summary: 'List the keys of a set, oidc or listnr, with their states.',
  run: (context, operands) =>
    withKeys(context, operands, async (keySet, keys) => {
      for (const { state, alg, kid, until } of await listKeys(keySet, keys))
        context.print(`${state} ${alg} ${kid}${until}`);
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

export const keysDrop: Command = {
  name: 'keys drop',
  operands: ['SET', 'KID'],
  summary:
    'Drop a key that somebody else may have, whatever its state: what it signed is worth nothing any more. If it signs, another key takes its place.',
  run: (context, operands) =>
    withKeys(context, operands, async (keySet, keys) => {
      const [, kid = ''] = operands;
      if (!(await listKeys(keySet, keys)).some((key) => key.kid === kid))
        throw new OperatorError(
          `No key of ${keySet} has this kid; npx listo keys list ${keySet} shows them.`,
        );
      await dropCompromisedKeys(keySet, keys, { kid });
      context.print('Dropped. Every process follows within seconds, verifiers when their cache ends.');
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

interface ListedKey {
  state: string;
  alg: string;
  kid: string;
  until: string;
}

/** The signing keys, then the public halves that are kept of past ones. */
async function listKeys(keySet: KeySet, { store, pastKeys }: Keys): Promise<ListedKey[]> {
  const signing = (await store.list(keySet)).map(({ state, alg, kid, promoteAfter }) => ({
    ...{ state, alg, kid },
    until: promoteAfter ? ` signs from ${promoteAfter.toISOString()}` : '',
  }));
  if (keySet !== 'oidc') return signing;
  const past = (await pastKeys.list()).map(({ alg, kid, expiresAt }) => ({
    ...{ state: 'past', alg, kid },
    until: ` verifies hints until ${expiresAt.toISOString()}`,
  }));
  return [...signing, ...past];
}

/** Returns a line for each new key. Each algorithm gets one. */
async function publishNext(keySet: KeySet, rotation: RotationDependencies): Promise<string[]> {
  const changes = await rotateKeys(keySet, rotation, { force: true });
  const made = changes.flatMap((change) => (change.action === 'create' ? [change] : []));
  if (made.length === 0)
    return ['The next key is published already; npx listo keys list says from when it signs.'];
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

type Keys = RotationDependencies & { pastKeys: PastKeyStore };

function withKeys(
  context: CommandContext,
  [name]: readonly string[],
  work: (keySet: KeySet, keys: Keys) => Promise<void>,
): Promise<void> {
  if (name !== 'oidc' && name !== 'listnr') throw new OperatorError('SET is oidc or listnr.');
  return withStore(context, (store, db, { keyRotation, rsaBits }) =>
    work(name, {
      store,
      pastKeys: createPastKeyStore(db),
      policy: keyRotation,
      rsaBits,
      clock: context.clock,
      wantedAlgorithms: () => createClientStore(db).signingAlgorithms(),
    }),
  );
}

async function withStore(
  context: CommandContext,
  work: (store: SigningKeyStore, db: Queryable, settings: KeySettings) => Promise<void>,
): Promise<void> {
  const database = await context.openDatabase();
  try {
    // Reading the settings may make a key for development, so the database comes first: without one, nothing is made.
    const settings = context.keys();
    const box = createSecretBox(settings.keyEncryptionKeys);
    await work(createSigningKeyStore(database.knex, box, 'command keys'), database.knex, settings);
  } finally {
    await database.close();
  }
}
