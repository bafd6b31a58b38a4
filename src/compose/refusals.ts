import { createRefusalStore, type RefusalStore } from '../refusals/explain/refusal-store.ts';
import { createRefusalRecorder, type RefusalRecorder } from '../refusals/record/recorder.ts';
import { createRefusalRowsStore, type RefusalRowsStore } from '../refusals/record/refusal-rows-store.ts';
import type { Foundation } from './foundation.ts';

/** The records of refused requests, which say why. */
export interface RefusalParts {
  refusalRecorder: RefusalRecorder;
  refusalRows: RefusalRowsStore;
  /** For requests. */
  recordedRefusals: RefusalStore;
}

export function composeRefusals({
  database,
  metrics,
  logger,
}: Pick<Foundation, 'database' | 'metrics' | 'logger'>): RefusalParts {
  const refusalRows = createRefusalRowsStore(database.background);
  return {
    refusalRows,
    refusalRecorder: createRefusalRecorder({ rows: refusalRows, metrics, logger }),
    recordedRefusals: createRefusalStore(database.knex),
  };
}
