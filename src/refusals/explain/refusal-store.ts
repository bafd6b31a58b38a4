import type { Queryable } from '../../platform/database.ts';
import type { Values } from '../../platform/errors.ts';
import { prepare } from '../../platform/postgres/statements/prepared-statement.ts';
import type { Service } from '../refused.ts';

/** A refusal, as it was recorded. A newer release may have written a reason that this one does not know. */
export interface RecordedRefusal {
  at: Date;
  request_id: string;
  service: Service;
  endpoint: string;
  status: number;
  client_id: string | null;
  client_is: string | null;
  instance_id: string | null;
  error: string;
  reason: string | null;
  came: Values;
  expected: Values;
}

/** A client of one of the services, which reads only its own. */
export interface Reader {
  service: Service;
  clientId: string;
}

/** Reads the refusals of the last week, the newest first, and up to `MOST_READ`. */
export interface RefusalStore {
  /**
   * Senders may choose the id of a request, so that several have one. Those that a client proved to be its own come
   * first. A reader finds only its own, and only the first one, so that asking costs no more where there are many.
   */
  find(requestId: string, reader?: Reader): Promise<RecordedRefusal[]>;
  /** Those in the name of a client, also of one that is not registered. */
  ofClient(client: Reader): Promise<RecordedRefusal[]>;
  /** Those of an instance's clients, and those in it that name no client of it. */
  ofInstance(instanceId: string): Promise<RecordedRefusal[]>;
}

/** More than a client's lanes have. */
export const MOST_READ = 500;

const COLUMNS =
  'at, request_id, service, endpoint, status, client_id, client_is, instance_id, error, reason, came, expected';
const LIVE = 'expires_at > now()';
/** Anybody who has seen the id of a request can send others with it. */
const PROVEN_FIRST = "client_is IS NOT DISTINCT FROM 'authenticated' DESC, id DESC";

const findByRequest = prepare<RecordedRefusal, { requestId: string }>(
  'find_refusals',
  `SELECT ${COLUMNS} FROM refusals WHERE request_id = :requestId AND ${LIVE} ORDER BY ${PROVEN_FIRST} LIMIT ${MOST_READ}`,
);

const findOwn = prepare<RecordedRefusal, { requestId: string } & Reader>(
  'find_own_refusals',
  `SELECT ${COLUMNS} FROM refusals
   WHERE request_id = :requestId AND service = :service AND client_id = :clientId AND ${LIVE}
   ORDER BY ${PROVEN_FIRST} LIMIT 1`,
);

/** The lanes of a client that is registered, and that of all others. */
const listOfClient = prepare<RecordedRefusal, { lanes: readonly string[] } & Reader>(
  'list_client_refusals',
  `SELECT ${COLUMNS} FROM refusals
   WHERE lane = ANY (:lanes::text[]) AND service = :service AND client_id = :clientId
   ORDER BY id DESC LIMIT ${MOST_READ}`,
);

/** An operator asks now and then, so the rows need no index for it. */
const listOfInstance = prepare<RecordedRefusal, { instanceId: string }>(
  'list_instance_refusals',
  `SELECT ${COLUMNS} FROM refusals WHERE instance_id = :instanceId AND ${LIVE} ORDER BY id DESC LIMIT ${MOST_READ}`,
);

export function createRefusalStore(db: Queryable): RefusalStore {
  return {
    async find(requestId, reader) {
      const { rows } = reader
        ? await findOwn(db, { requestId, ...reader })
        : await findByRequest(db, { requestId });
      return rows;
    },

    async ofClient({ service, clientId }) {
      const lane = `${service} ${clientId}`;
      const lanes = [lane, `${lane} authenticated`, `${service} ?`];
      const { rows } = await listOfClient(db, { lanes, service, clientId });
      return rows;
    },

    async ofInstance(instanceId) {
      const { rows } = await listOfInstance(db, { instanceId });
      return rows;
    },
  };
}
