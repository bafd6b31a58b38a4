import type { AuditEntry } from '../audit/record.ts';
import { requestLimitKey } from '../http/rate-limits/limit-key.ts';
import { originOf } from '../http/records/request-state.ts';
import type { InteractionDependencies } from './dependencies.ts';
import type { InteractionContext } from './interaction.ts';

/**
 * Tells the audit trail that somebody could not sign in. `account` is the name under which guesses are counted. The
 * trail has a keyed digest of it, whether the account exists or not, and so both cost the same.
 */
export async function recordRefusal(
  { ctx, client, instance }: InteractionContext,
  { refusals }: Pick<InteractionDependencies, 'refusals'>,
  {
    event,
    personId,
    account,
    detail,
  }: Pick<AuditEntry, 'event' | 'personId' | 'detail'> & { account?: string },
): Promise<void> {
  const digest = account === undefined ? {} : { account: refusals.digest(account) };
  await refusals.record(
    { event, personId, clientId: client.id, instanceId: instance.id, detail: { ...detail, ...digest } },
    { ...(account === undefined ? {} : { account }), network: requestLimitKey(ctx.req) },
    originOf(ctx.req),
  );
}
