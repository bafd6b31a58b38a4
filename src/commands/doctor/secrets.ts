import { createDoctorStore, type ExpiringSecrets } from './doctor-store.ts';
import { type Check, type Finding, notChecked, seen } from './finding.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const SOON_DAYS = 14;
/** More would be a list, and no finding. */
const MOST = 20;

export const secretsCheck: Check = {
  name: 'client secrets',
  async run({ database, clock }) {
    if (!database) return notChecked('the database cannot be opened');
    const store = createDoctorStore(database.knex);
    const now = clock.now();
    const ending = await store.secretsEndingBefore(new Date(now.getTime() + SOON_DAYS * DAY_MS));
    return seen(
      ending.slice(0, MOST).map((client) => findingOf(client, now)),
      ending.length > MOST ? [`${ending.length - MOST} more end soon`] : [],
    );
  },
};

function findingOf({ kind, id, until }: ExpiringSecrets, now: Date): Finding {
  const [which, option] = kind === 'client' ? ['client', 'listo'] : ['LiSTNR client', 'listnr'];
  const isOver = until <= now;
  return {
    name: isOver ? 'secret.expired' : 'secret.expires_soon',
    sentence: isOver
      ? `The last secret of the ${which} ${id} expired at ${until.toISOString()}: it gets invalid_client.`
      : `The last secret of the ${which} ${id} expires at ${until.toISOString()}.`,
    remedy: `Give it another one, and hand that to its developers: npx listo client secret add ${id} --kind ${option}. If nobody uses the client any more, disable it.`,
  };
}
