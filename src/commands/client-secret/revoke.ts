import type { ClientSecretStore } from '../../clients/secrets/client-secret-store.ts';
import { OperatorError } from '../../platform/errors.ts';
import { explainRefusal, isRefusal } from '../../platform/seeds/errors/seed-error.ts';
import type { Command } from '../command.ts';
import { jsonOf } from '../registered/written.ts';
import { KIND_CHOICES, KIND_OPTION, withSecretsOf } from './owner.ts';

export const clientSecretRevoke: Command = {
  name: 'client secret revoke',
  operands: ['CLIENT_ID', 'NAME'],
  options: KIND_OPTION,
  switches: ['json'],
  summary: 'End a secret of a client. The last one stays: add the next one first.',
  words: { NAME: 'The name of the secret, as the list shows it; never the secret itself.' },
  choices: KIND_CHOICES,
  examples: ['client secret revoke acme-portal 2026-01-31'],
  run: (context, [clientId = '', name = ''], given) =>
    withSecretsOf(context, clientId, given, async (secrets) => {
      await remove(secrets, clientId, name);
      const now = context.clock.now();
      const left = await secrets.list(clientId);
      const live = left.filter(({ expiresAt }) => expiresAt === null || expiresAt > now).length;
      if (given.switches.has('json'))
        return context.print(jsonOf({ did: 'revoked', client_id: clientId, name, live_secrets: live }));
      context.print('Revoked. Every process refuses it within about a second.');
      if (live === 0)
        context.print('Those left have all expired, so this client cannot authenticate until you add one.');
    }),
};

async function remove(secrets: ClientSecretStore, clientId: string, name: string): Promise<void> {
  try {
    if (await secrets.remove(clientId, name)) return;
  } catch (cause) {
    if (!isRefusal(cause)) throw cause;
    throw new OperatorError(
      `The last secret stays: ${explainRefusal(cause, { hint: false })} without it.\n  Add the next one first: npx listo client secret add CLIENT_ID`,
      { cause },
    );
  }
  throw new OperatorError(
    'The client has no secret of this name. npx listo client secret list CLIENT_ID shows those it has.',
  );
}
