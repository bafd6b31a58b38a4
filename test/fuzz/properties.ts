import { readFileSync } from 'node:fs';
import { applySeed } from '../../src/platform/seeds/seed.ts';
import { openTestDatabase } from '../support/databases/test-database.ts';
import { endpointsOf } from './endpoints.ts';
import { requestsAreAnswered } from './properties/endpoint-fuzz.ts';
import { forwardedAddresses } from './properties/forwarded-fuzz.ts';
import { callsAreUnderstood, environmentsAreRead } from './properties/operator-fuzz.ts';
import { registrationsAreAlike } from './properties/registrations-fuzz.ts';
import { seedsOnlyRegister } from './properties/seed-fuzz.ts';
import { sequencesAreAnswered } from './properties/sequence-fuzz.ts';
import { providersAreBelievedNothing } from './properties/upstream-fuzz.ts';
import { waysAreAlike } from './properties/ways-fuzz.ts';
import type { Property } from './property.ts';
import { createWatch, type Watch } from './watch.ts';
import { startWorld, type World } from './world.ts';

const DEMO_SEED = new URL('../../config/seeds/demo.sql', import.meta.url);

export interface Opened {
  world: World;
  watch: Watch;
  /** With the share of the time that each gets. */
  properties: (Property & { share: number })[];
  /** The routes for which there are no requests. */
  uncovered: string[];
  close(): Promise<void>;
}

/** Everything that the fuzz checks, with a server for requests and a database for operators. */
export async function openProperties(env: Record<string, string> = {}): Promise<Opened> {
  const world = await startWorld(env);
  const database = await openTestDatabase();
  const settings = { issuer: 'https://login.example' };
  await applySeed(database.knex, { name: 'demo', sql: readFileSync(DEMO_SEED, 'utf8'), settings });
  const watch = createWatch(world);
  const { endpoints, uncovered } = endpointsOf(world);
  return {
    world,
    watch,
    properties: [
      { share: 0.4, ...requestsAreAnswered(world, watch, endpoints) },
      { share: 0.06, ...waysAreAlike(world, watch, endpoints) },
      { share: 0.04, ...registrationsAreAlike(world, watch) },
      { share: 0.2, ...sequencesAreAnswered(world, watch) },
      { share: 0.12, ...providersAreBelievedNothing(world, watch) },
      { share: 0.1, ...seedsOnlyRegister(database, watch) },
      { share: 0.02, ...forwardedAddresses },
      { share: 0.02, ...environmentsAreRead(watch) },
      { share: 0.04, ...callsAreUnderstood(database, watch) },
    ],
    uncovered,
    async close() {
      await world.close();
      await database.close();
    },
  };
}
