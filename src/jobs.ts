import { createExpiredRowsStore } from './artifacts/expired-rows-store.ts';
import { housekeeping } from './artifacts/housekeeping.ts';
import type { Services } from './compose.ts';
import { rotateKeys } from './keys/rotate-keys.ts';
import type { Job } from './platform/jobs.ts';
import { watchVersions } from './platform/versions.ts';

/** What this process does besides answering: follow changes, rotate keys, and delete what has expired. */
export function jobsOf({
  config,
  database,
  metrics,
  keyRings,
  registration,
  rotation,
  live,
  denied,
}: Pick<
  Services,
  'config' | 'database' | 'metrics' | 'keyRings' | 'registration' | 'rotation' | 'live' | 'denied'
>): readonly Job[] {
  return [
    watchVersions(database.knex, {
      async registration() {
        registration.clear();
        // A client may be the first to ask for a signature of its kind.
        await rotateKeys('oidc', rotation);
      },
      people: () => denied.reload(),
      async keys() {
        const before = JSON.stringify(keyRings.oidc.jwks);
        await Promise.all([keyRings.oidc.reload(), keyRings.listnr.reload()]);
        if (JSON.stringify(keyRings.oidc.jwks) !== before) live.renew();
      },
    }),
    {
      name: 'rotate-keys',
      everyMs: config.keyRotation.checkMs,
      async run() {
        for (const keySet of ['oidc', 'listnr'] as const) await rotateKeys(keySet, rotation);
      },
    },
    housekeeping({ store: createExpiredRowsStore(database.knex), metrics, policy: config.housekeeping }),
  ];
}
