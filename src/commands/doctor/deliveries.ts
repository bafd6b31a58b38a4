import { createDoctorStore } from './doctor-store.ts';
import { type Check, notChecked, seen } from './finding.ts';

export const deliveriesCheck: Check = {
  name: 'deliveries',
  async run({ database }) {
    if (!database) return notChecked('the database cannot be opened');
    const { givenUp, late, lastError } = await createDoctorStore(database.knex).deliveries();
    const because = lastError === null ? '' : ` The last failed because: ${lastError}`;
    return seen([
      givenUp === 0
        ? undefined
        : {
            name: 'deliveries.given_up',
            sentence: `${givenUp} deliveries were given up within a day.${because}`,
            remedy:
              'npx listo deliveries list --state given_up shows them. Mend what the last one says, and send each again: npx listo deliveries retry NUMBER',
          },
      late === 0
        ? undefined
        : {
            name: 'deliveries.late',
            sentence: `${late} deliveries have waited for more than ten minutes, and nobody sends them.`,
            remedy: 'Start a server, which sends them. If one runs, look for "a job failed" in its log.',
          },
    ]);
  },
};
