import { keepAuditMonths } from './audit/keep-months.ts';
import { createAuditMonthsStore } from './audit/months-store.ts';
import type { Services } from './compose.ts';
import { createExpiredRowsStore } from './housekeeping/expired-rows-store.ts';
import { housekeeping } from './housekeeping/housekeeping.ts';
import type { KeyRing } from './keys/key-ring.ts';
import { rotateKeys } from './keys/rotate-keys.ts';
import type { LiveProvider } from './oidc/live-provider.ts';
import { onChange, type Watcher, watchVersions } from './platform/copies/versions.ts';
import type { Job } from './platform/jobs.ts';

/**
 * The background jobs of a process: it follows changes, rotates keys, counts what waits to be delivered, bounds the
 * refusals, and deletes expired rows. The outbox itself ends before the others (server.ts).
 */
export function jobsOf({
  config,
  logger,
  database,
  databaseTime,
  rowClock,
  metrics,
  keyRings,
  pastKeys,
  registration,
  rotation,
  live,
  listnrClients,
  denied,
  deliveries,
  refusalRows,
}: Pick<
  Services,
  | 'config'
  | 'logger'
  | 'database'
  | 'databaseTime'
  | 'rowClock'
  | 'metrics'
  | 'keyRings'
  | 'pastKeys'
  | 'registration'
  | 'rotation'
  | 'live'
  | 'listnrClients'
  | 'denied'
  | 'deliveries'
  | 'refusalRows'
>): readonly Job[] {
  return [
    watchVersions(database.knex, {
      registration: [
        listnrClients.follow,
        onChange(registration.clear),
        // A client may be the first that needs a signing key of its algorithm.
        onChange(() => rotateKeys('oidc', rotation)),
      ],
      people: [denied.follow],
      keys: [keyRings.listnr.follow, followOidcKeys(keyRings.oidc, live), pastKeys.follow],
    }),
    { name: 'watch-clock', everyMs: 10_000, run: databaseTime.measure },
    {
      name: 'rotate-keys',
      everyMs: config.keyRotation.checkMs,
      async run() {
        for (const keySet of ['oidc', 'listnr'] as const) await rotateKeys(keySet, rotation);
      },
    },
    {
      name: 'measure-deliveries',
      everyMs: 15_000,
      run: async () => metrics.setBacklog(await deliveries.backlog(rowClock.now())),
    },
    {
      name: 'bound-refusals',
      everyMs: 60_000,
      run: async () => void (await refusalRows.boundAll()),
    },
    keepAuditMonths({
      store: createAuditMonthsStore(database.background),
      logger,
      months: config.auditKeepMonths,
      everyMs: config.housekeeping.everyMs,
    }),
    housekeeping({
      store: createExpiredRowsStore(database.background),
      metrics,
      policy: config.housekeeping,
    }),
  ];
}

/** The protocol library reads its keys only when a Provider is made. */
function followOidcKeys(keyRing: KeyRing, live: LiveProvider): Watcher {
  let published = JSON.stringify(keyRing.jwks);
  return async (look) => {
    await keyRing.follow(look);
    const current = JSON.stringify(keyRing.jwks);
    if (current === published) return;
    live.renew();
    published = current;
  };
}
