import type { StoredSecret } from '../../clients/secrets/client-secret-store.ts';
import type { Command } from '../command.ts';
import { formatTable } from '../format-table.ts';
import { jsonOf } from '../registered/written.ts';
import { KIND_CHOICES, KIND_OPTION, withSecretsOf } from './owner.ts';

export const clientSecretList: Command = {
  name: 'client secret list',
  operands: ['CLIENT_ID'],
  options: KIND_OPTION,
  switches: ['json'],
  summary: 'List the secrets of a client: since when, until when, and when each was last used.',
  choices: KIND_CHOICES,
  examples: ['client secret list acme-portal'],
  run: (context, [clientId = ''], given) =>
    withSecretsOf(context, clientId, given, async (secrets) => {
      const stored = await secrets.list(clientId);
      const now = context.clock.now();
      if (given.switches.has('json'))
        return context.print(jsonOf(stored.map((secret) => jsonRowOf(secret, now))));
      if (stored.length === 0) return context.print('It has no secret.');
      const rows = stored.map((secret) => rowOf(secret, now));
      for (const line of formatTable([['name', 'created', 'expires', 'last used', 'state'], ...rows]))
        context.print(line);
    }),
};

/** Shows no digest. */
function rowOf({ name, createdAt, expiresAt, lastUsedAt }: StoredSecret, now: Date): string[] {
  return [
    name,
    toMinute(createdAt),
    toMinute(expiresAt),
    toMinute(lastUsedAt),
    isLive({ expiresAt }, now) ? 'live' : 'expired',
  ];
}

function jsonRowOf({ name, createdAt, expiresAt, lastUsedAt }: StoredSecret, now: Date): object {
  return {
    name,
    created_at: createdAt,
    expires_at: expiresAt,
    last_used_at: lastUsedAt,
    state: isLive({ expiresAt }, now) ? 'live' : 'expired',
  };
}

/** The server notes uses to within a minute. */
function toMinute(date: Date | null): string {
  return date ? `${date.toISOString().slice(0, 'yyyy-mm-ddThh:mm'.length)}Z` : 'never';
}

function isLive({ expiresAt }: Pick<StoredSecret, 'expiresAt'>, now: Date): boolean {
  return expiresAt === null || expiresAt > now;
}
