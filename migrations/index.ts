import type { Knex } from 'knex';
import * as registration from './0001-registration.ts';
import * as protocol from './0002-protocol.ts';

const MIGRATIONS = { '0001-registration': registration, '0002-protocol': protocol };

type Name = keyof typeof MIGRATIONS;

/** The migrations in order, as knex wants them. Listed by hand, so that no folder is read at start. */
export const migrationSource: Knex.MigrationSource<Name> = {
  getMigrations: async () => Object.keys(MIGRATIONS) as Name[],
  getMigrationName: (name) => name,
  getMigration: async (name) => MIGRATIONS[name],
};
