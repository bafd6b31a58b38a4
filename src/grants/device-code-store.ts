import { createHmac, hkdfSync } from 'node:crypto';
import type { Queryable } from '../platform/database.ts';
import { prepare } from '../platform/postgres/statements/prepared-statement.ts';
import { hashId } from '../platform/secrets/digest.ts';
import { type DatabaseTime, SAME_CLOCK } from '../platform/time/database-time.ts';
import { fromRow, type Payload, toRow } from '../platform/time/payload-times.ts';
import type { Authorization } from './authorization.ts';
import { type FoundGrant, GRANT_COLUMNS, type GrantColumns, readGrant } from './grant-store.ts';
import { type NewGrant, type NewGrantValues, newGrantValues, withNewGrant } from './new-grant.ts';
import { type Redemption, redeemDeviceCode } from './redeem-code.ts';

/** A device code on the person's side, which never learns the code itself. */
export interface DeviceCode {
  /** The hash of the code. It is no credential: nobody can poll with it. */
  handle: string;
  payload: Payload;
  consumed: boolean;
}

/** A device code on the device's side, when it polls. */
export interface PolledDeviceCode {
  payload: Payload;
  /** Whether the person has decided. */
  decided: boolean;
  consumed: boolean;
  /** False when the device polled again too soon. Polls are noted only until there is a decision. */
  inTime: boolean;
  /** The grant of an approval, from the same query. */
  grant: FoundGrant | undefined;
}

/**
 * The codes of devices without a browser (RFC 8628), as rows of `artifacts`. A device code is found by its hash. A
 * user code is so short that it could be guessed from a hash, so it is found by an HMAC under a key of the server.
 * Neither code is stored.
 */
export interface DeviceCodeStore {
  create(code: { deviceCode: string; userCode: string; payload: Payload; expiresAt: Date }): Promise<void>;
  /** Undefined for another client's code. */
  poll(
    deviceCode: string,
    by: { clientId: string; everySeconds: number },
  ): Promise<PolledDeviceCode | undefined>;
  findByUserCode(userCode: string): Promise<DeviceCode | undefined>;
  find(handle: string): Promise<DeviceCode | undefined>;
  /**
   * Approves a code and saves the grant, in one statement. Returns false and saves nothing if the code was decided,
   * or if the person was disabled, changed the password, was signed out of the session, or withdrew the consent. Such
   * changes wait for this statement.
   */
  approve(handle: string, payload: Payload, grant: NewGrant): Promise<boolean>;
  /** False when the code was already decided. */
  deny(handle: string, payload: Payload): Promise<boolean>;
  /**
   * Redeems an approved code for exactly one caller (redeem-code.ts). Otherwise returns undefined and changes
   * nothing.
   */
  redeem(redemption: Redemption): Promise<Authorization | undefined>;
}

const MODEL = "model = 'DeviceCode'";
const UNDECIDED = "payload ->> 'accountId' IS NULL AND payload ->> 'error' IS NULL";

interface PolledRow extends GrantColumns {
  payload: Payload;
  consumed_at: Date | null;
  in_time: boolean;
}

/**
 * A poll may wait for the decision, and then its snapshot is older than the decision. It was in time, and the device
 * learns the decision with its next poll.
 */
const pollCode = prepare<PolledRow, { idHash: Buffer; clientId: string; everySeconds: number }>(
  'poll_device_code',
  `
  WITH latest AS (
    SELECT payload FROM artifacts
    WHERE ${MODEL} AND id_hash = :idHash::bytea AND payload ->> 'clientId' = :clientId
    FOR UPDATE
  ),
  polled AS (
    UPDATE artifacts SET polled_at = now()
    WHERE ${MODEL} AND id_hash = :idHash::bytea AND payload ->> 'clientId' = :clientId AND ${UNDECIDED}
      AND (polled_at IS NULL OR polled_at < now() - make_interval(secs => :everySeconds))
    RETURNING id_hash
  )
  SELECT a.payload, a.consumed_at, ${GRANT_COLUMNS},
         EXISTS (SELECT FROM polled) OR EXISTS (SELECT FROM latest WHERE NOT (${UNDECIDED})) AS in_time
  FROM artifacts a LEFT JOIN grants g ON g.id = a.grant_id
  WHERE a.${MODEL} AND a.id_hash = :idHash::bytea AND a.payload ->> 'clientId' = :clientId`,
);

const approveCode = prepare<never, NewGrantValues & { idHash: Buffer; payload: string }>(
  'approve_device_code',
  `
  WITH code AS (SELECT id_hash FROM artifacts WHERE ${MODEL} AND id_hash = :idHash::bytea AND ${UNDECIDED} FOR UPDATE),
  ${withNewGrant('code')}
  UPDATE artifacts SET grant_id = new_grant.id, payload = :payload::jsonb FROM new_grant
  WHERE ${MODEL} AND id_hash = :idHash::bytea`,
);

interface Row {
  id_hash: Buffer;
  payload: Payload;
  consumed_at: Date | null;
}

/** `keys` belong to the operator. The first is used and all are tried, so that they can be replaced. */
export function createDeviceCodeStore(
  db: Queryable,
  keys: readonly Buffer[],
  time: DatabaseTime = SAME_CLOCK,
): DeviceCodeStore {
  const macKeys = keys.map((key) => Buffer.from(hkdfSync('sha256', key, '', 'user codes', 32)));
  const macsOf = (userCode: string) =>
    macKeys.map((key) => createHmac('sha256', key).update(userCode).digest());
  const codes = () => db('artifacts').where({ model: 'DeviceCode' });
  const read = (row: Row | undefined): DeviceCode | undefined =>
    row && {
      handle: row.id_hash.toString('base64url'),
      payload: fromRow(row.payload, time),
      consumed: row.consumed_at !== null,
    };

  return {
    async create({ deviceCode, userCode, payload, expiresAt }) {
      await db('artifacts').insert({
        model: 'DeviceCode',
        id_hash: hashId(deviceCode),
        user_code_mac: macsOf(userCode)[0],
        payload: JSON.stringify(toRow(payload, time)),
        expires_at: time.toDatabase(expiresAt),
      });
    },

    async poll(deviceCode, { clientId, everySeconds }) {
      const { rows } = await pollCode(db, { idHash: hashId(deviceCode), clientId, everySeconds });
      const [row] = rows;
      return (
        row && {
          payload: fromRow(row.payload, time),
          decided: isDecided(row.payload),
          consumed: row.consumed_at !== null,
          inTime: row.in_time,
          grant: readGrant(row, time),
        }
      );
    },

    findByUserCode: async (userCode) =>
      read(await codes().whereIn('user_code_mac', macsOf(userCode)).first<Row>()),

    find: async (handle) =>
      read(
        await codes()
          .where({ id_hash: bytesOf(handle) })
          .first<Row>(),
      ),

    async approve(handle, payload, grant) {
      const { rowCount } = await approveCode(db, {
        ...newGrantValues(grant, time),
        idHash: bytesOf(handle),
        payload: JSON.stringify(toRow(payload, time)),
      });
      return rowCount === 1;
    },

    async deny(handle, payload) {
      const changed = await codes()
        .where({ id_hash: bytesOf(handle) })
        .whereRaw(UNDECIDED)
        .update({ payload: JSON.stringify(toRow(payload, time)) });
      return changed === 1;
    },

    redeem: (redemption) => redeemDeviceCode(db, redemption, time),
  };
}

/** Whether the person has approved or denied the code. */
export function isDecided({ accountId, error }: Payload): boolean {
  return accountId !== undefined || error !== undefined;
}

function bytesOf(handle: string): Buffer {
  return Buffer.from(handle, 'base64url');
}
