import { createClientStore } from '../clients/client-store.ts';
import { createPastKeyStore, type PastKeyStore } from '../keys/past-key-store.ts';
import { dropCompromisedKeys, type RotationDependencies, rotateKeys } from '../keys/rotate-keys.ts';
import type { KeySet } from '../keys/signing-key.ts';
import { createSigningKeyStore, type KeyChange, type SigningKeyStore } from '../keys/signing-key-store.ts';
import type { Queryable } from '../platform/database.ts';
import { OperatorError } from '../platform/errors.ts';
import { createSecretBox } from '../platform/secrets/secret-box.ts';
import type { Command, CommandContext, KeySettings } from './command.ts';
import { jsonOf } from './registered/written.ts';

const SETS = { SET: ['oidc', 'listnr'] };

export const keysList: Command = {
  name: 'keys list',
  operands: ['SET'],
  switches: ['json'],
  summary: 'List the keys of a set, oidc or listnr, with their states.',
  choices: SETS,
  help: `next: published, and signs from the time that is shown. current: signs. retired: verifies what it
signed. past: verifies only the hints of applications (id_token_hint).`,
  examples: ['keys list oidc'],
  run: (context, operands, { switches }) =>
    withKeys(context, operands, async (keySet, keys) => {
      const listed = await listKeys(keySet, keys);
      if (switches.has('json')) return context.print(jsonOf(listed));
      for (const { state, alg, kid, ...times } of listed)
        context.print(`${state} ${alg} ${kid}${untilOf(times)}`);
    }),
};

export const keysRotate: Command = {
  name: 'keys rotate',
  operands: ['SET'],
  switches: ['compromised', 'json'],
  summary: 'Publish the next key of a set now, ahead of the schedule; it signs once every cache knows it.',
  words: {
    compromised: 'Drop the signing key at once instead: what it signed is worth nothing any more.',
  },
  choices: SETS,
  help: 'Nobody has to call it: a running server rotates its keys by itself.',
  examples: ['keys rotate oidc', 'keys rotate listnr --compromised'],
  run: (context, operands, { switches }) =>
    withKeys(context, operands, async (keySet, rotation) => {
      const work = switches.has('compromised') ? drop : publishNext;
      const { lines, changes } = await work(keySet, rotation);
      for (const line of switches.has('json') ? [jsonOf(changes.map(shownChange))] : lines)
        context.print(line);
    }),
};

export const keysDrop: Command = {
  name: 'keys drop',
  operands: ['SET', 'KID'],
  switches: ['json'],
  summary:
    'Drop a key that somebody else may have, whatever its state: what it signed is worth nothing any more. If it signs, another key takes its place.',
  words: { KID: 'The id of the key, as the list shows it.' },
  choices: SETS,
  examples: ['keys drop oidc 2b7gQvZ3yVYzrRVm2nPpcDm1Cq1hMf8o6m0c3cPZ1yA'],
  run: (context, operands, { switches }) =>
    withKeys(context, operands, async (keySet, keys) => {
      const [, kid = ''] = operands;
      if (!(await listKeys(keySet, keys)).some((key) => key.kid === kid))
        throw new OperatorError(
          `No key of ${keySet} has this kid; npx listo keys list ${keySet} shows them.`,
        );
      const changes = await dropCompromisedKeys(keySet, keys, { kid });
      context.print(
        switches.has('json')
          ? jsonOf(changes.map(shownChange))
          : 'Dropped. Every process follows within seconds, verifiers when their cache ends.',
      );
    }),
};

export const keysReseal: Command = {
  name: 'keys reseal',
  operands: [],
  switches: ['json'],
  summary: 'Seal the private keys anew with the first KEY_ENCRYPTION_KEY, so that the others can go.',
  examples: ['keys reseal'],
  run: (context, _operands, { switches }) =>
    withStore(context, async (store) => {
      const sealed = await store.reseal();
      context.print(switches.has('json') ? jsonOf({ sealed }) : `Sealed anew: ${sealed}.`);
    }),
};

interface ListedKey {
  state: string;
  alg: string;
  kid: string;
  signs_from?: Date | undefined;
  verifies_hints_until?: Date;
}

function untilOf({ signs_from, verifies_hints_until }: Partial<ListedKey>): string {
  if (signs_from) return ` signs from ${signs_from.toISOString()}`;
  return verifies_hints_until ? ` verifies hints until ${verifies_hints_until.toISOString()}` : '';
}

/** The signing keys, then the public halves that are kept of past ones. */
async function listKeys(keySet: KeySet, { store, pastKeys }: Keys): Promise<ListedKey[]> {
  const signing = (await store.list(keySet)).map(({ state, alg, kid, promoteAfter }) => ({
    ...{ state, alg, kid },
    signs_from: promoteAfter,
  }));
  if (keySet !== 'oidc') return signing;
  const past = (await pastKeys.list()).map(({ alg, kid, expiresAt }) => ({
    ...{ state: 'past', alg, kid },
    verifies_hints_until: expiresAt,
  }));
  return [...signing, ...past];
}

interface Rotated {
  lines: string[];
  changes: readonly KeyChange[];
}

/** A change as `--json` prints it, without the key. */
function shownChange(change: KeyChange): Readonly<Record<string, unknown>> {
  if (change.action !== 'create') return { action: change.action, kid: change.kid };
  const { action, state, promoteAfter, key } = change;
  return { action, state, alg: key?.alg, kid: key?.kid, signs_from: promoteAfter };
}

/** Returns a line for each new key. Each algorithm gets one. */
async function publishNext(keySet: KeySet, rotation: RotationDependencies): Promise<Rotated> {
  const changes = await rotateKeys(keySet, rotation, { force: true });
  const made = changes.flatMap((change) => (change.action === 'create' ? [change] : []));
  if (made.length === 0)
    return {
      lines: ['The next key is published already; npx listo keys list says from when it signs.'],
      changes,
    };
  const lines = made.map(({ promoteAfter, key }) =>
    promoteAfter
      ? `Published the next ${key?.alg} key; it signs from ${promoteAfter.toISOString()}.`
      : `Made the first ${key?.alg} key; it signs now.`,
  );
  return { lines, changes };
}

async function drop(keySet: KeySet, rotation: RotationDependencies): Promise<Rotated> {
  const changes = await dropCompromisedKeys(keySet, rotation);
  const line =
    'Dropped. Another key signs; every process follows within seconds, verifiers when their cache ends.';
  return { lines: [line], changes };
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
