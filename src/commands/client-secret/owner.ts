import {
  type ClientSecretStore,
  createClientSecretStore,
  findSecretTables,
  type SecretTable,
} from '../../clients/secrets/client-secret-store.ts';
import { OperatorError } from '../../platform/errors.ts';
import type { CommandContext, GivenOptions } from '../command.ts';
import { createRegisteredStore } from '../registered/registered-store.ts';
import { unknownId } from '../registered/unknown-id.ts';

/** `--kind` chooses between clients of both services with the same id. */
export const KIND_OPTION = { kind: 'KIND' };
export const KIND_CHOICES = { kind: ['listo', 'listnr'] };

const TABLES: Record<string, SecretTable> = { listo: 'client_secrets', listnr: 'listnr_client_secrets' };

/**
 * Runs `work` on the secrets of the client with this id, of Sign in with Listo or of LiSTNR.
 * @throws OperatorError when no client has the id, or when two have it and `--kind` does not choose.
 */
export async function withSecretsOf(
  context: CommandContext,
  clientId: string,
  { options: { kind } }: GivenOptions,
  work: (secrets: ClientSecretStore) => Promise<void>,
): Promise<void> {
  if (kind !== undefined && !Object.hasOwn(TABLES, kind))
    throw new OperatorError('--kind is listo or listnr.');
  const database = await context.openDatabase();
  try {
    const all = await findSecretTables(database.knex, clientId);
    const [table, other] = kind === undefined ? all : all.filter((one) => one === TABLES[kind]);
    if (!table) throw await unknownId(createRegisteredStore(database.knex), clientId, unknown(kind));
    if (other)
      throw new OperatorError(
        'Two clients have this id, one of Sign in with Listo and one of LiSTNR. Say which: --kind listo or --kind listnr.',
      );
    await work(createClientSecretStore(database.knex, table));
  } finally {
    await database.close();
  }
}

function unknown(kind: string | undefined): Parameters<typeof unknownId>[2] {
  switch (kind) {
    case 'listo':
      return {
        sentence: 'Sign in with Listo has no client with this id.',
        tables: ['clients'],
        lists: 'npx listo client list shows those there are.',
      };
    case 'listnr':
      return {
        sentence: 'LiSTNR has no client with this id.',
        tables: ['listnr_clients'],
        lists: 'npx listo listnr list shows those there are.',
      };
    default:
      return {
        sentence: 'There is no client with this id.',
        tables: ['clients', 'listnr_clients'],
        lists: 'npx listo client list shows those there are, and npx listo listnr list those of LiSTNR.',
      };
  }
}
