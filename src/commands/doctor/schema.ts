import { compareMigrations } from '../../platform/migrate.ts';
import { type Check, notChecked, seen } from './finding.ts';

export const schemaCheck: Check = {
  name: 'schema',
  async run({ database }) {
    if (!database) return notChecked('the database cannot be opened');
    const { due, unknown, done } = await compareMigrations(database.knex);
    return seen(
      [
        due.length === 0
          ? undefined
          : {
              name: done === 0 ? 'schema.missing' : 'schema.older',
              sentence:
                done === 0
                  ? 'The database has no tables of this server.'
                  : `The schema lacks ${due.length === 1 ? 'a migration' : `${due.length} migrations`} of this release: ${due.join(', ')}.`,
              remedy:
                'Bring it up to date: npx listo migrate. Starting a server of this release does it, too.',
            },
        unknown.length === 0
          ? undefined
          : {
              name: 'schema.newer',
              sentence: `A newer release has migrated this database: this one does not know ${unknown.join(', ')}.`,
              remedy:
                'Finish the roll-out of the newer release. This one serves beside it, and not for long.',
            },
      ],
      [`${done} migrations`],
    );
  },
};
