import { type AuditValues, withAudit } from '../../audit/record.ts';
import { prepare } from '../../platform/postgres/statements/prepared-statement.ts';
import { MAIL } from '../mail.ts';

/** The minutes until another mail may go to the same account: after the first, the second, … mail of a day. */
const PAUSES = [1, 2, 5, 10, 25];
/** SQL for whether the pause after the last mail of the row `l` is over. */
export const PAUSE_IS_OVER = `l.mailed_at + (ARRAY[${PAUSES}])[least(l.mails, ${PAUSES.length})] * interval '1 minute' <= now()`;
/** Longer than the longest pause, so that there always is a mail that works. */
export const LIVES = "interval '30 minutes'";
/** Wrong codes of one browser, and of all browsers at one code. One of 20^8 codes is right. */
const MOST_WRONG_CODES = 5;
const MOST_WRONG_IN_ALL = 1000;

type Asked = AuditValues & {
  about: Buffer;
  kind: string;
  idHash: Buffer;
  codeMac: Buffer | null;
  sealed: string;
  payload: string;
  browserHash: Buffer;
  request: string;
  personId: string | null;
  instanceId: string;
};

const NOTED = `
  INSERT INTO link_requests (browser_hash, about, sealed, expires_at)
  VALUES (:browserHash::bytea, :about::bytea, :request::text, now() + ${LIVES})
  ON CONFLICT (browser_hash) DO UPDATE
  SET about = excluded.about, sealed = excluded.sealed, wrong_codes = 0, proven = NULL, expires_at = excluded.expires_at`;

export const askForLink = prepare<never, Asked>(
  'ask_for_link',
  `
  WITH asked AS (${NOTED}),
  mailed AS (
    INSERT INTO one_time_links AS l (about, kind, id_hash, code_mac, sealed, expires_at, kept_until)
    VALUES (:about::bytea, :kind, :idHash::bytea, :codeMac::bytea, :sealed, now() + ${LIVES}, now() + interval '1 day')
    ON CONFLICT (about, kind) DO UPDATE
    SET id_hash = excluded.id_hash, code_mac = excluded.code_mac, sealed = excluded.sealed, wrong_codes = 0,
        mails = l.mails + 1, mailed_at = now(), expires_at = excluded.expires_at, kept_until = excluded.kept_until
    WHERE ${PAUSE_IS_OVER}
    RETURNING 1
  ),
  ${withAudit('mailed', 'password.reset_asked', { person: ':personId::text', client: 'NULL', instance: ':instanceId::text' })}
  INSERT INTO deliveries (kind, payload, give_up_at)
  SELECT '${MAIL}', :payload::jsonb, now() + ${LIVES} FROM mailed`,
);

/**
 * The link whose code it is, or else the first one, at which it counts. It is locked before the request, as by everything
 * that ends a link, so there are no deadlocks.
 */
export const compareCode = prepare<
  { isRight: boolean; idHash: Buffer },
  { browserHash: Buffer; codeMac: Buffer }
>(
  'compare_code_of_link',
  `
  WITH held AS MATERIALIZED (
    SELECT c.id_hash, c.about, c.code_mac = :codeMac::bytea AS is_right
    FROM link_requests r JOIN one_time_links c ON c.about = r.about
    WHERE r.browser_hash = :browserHash::bytea AND r.expires_at > now() AND r.wrong_codes < ${MOST_WRONG_CODES}
      AND c.expires_at > now() AND c.confirmed_at IS NULL AND c.wrong_codes < ${MOST_WRONG_IN_ALL}
    ORDER BY c.code_mac = :codeMac::bytea DESC, c.kind LIMIT 1
    FOR UPDATE OF c
  ),
  tried AS (
    UPDATE link_requests r
    SET wrong_codes = r.wrong_codes + CASE WHEN l.is_right THEN 0 ELSE 1 END,
        proven = CASE WHEN l.is_right THEN l.id_hash ELSE r.proven END
    FROM held l
    WHERE r.browser_hash = :browserHash::bytea AND r.about = l.about
      AND r.expires_at > now() AND r.wrong_codes < ${MOST_WRONG_CODES}
    RETURNING l.id_hash, l.is_right
  ),
  counted AS (
    UPDATE one_time_links l SET wrong_codes = l.wrong_codes + 1 FROM tried t WHERE l.id_hash = t.id_hash AND NOT t.is_right
  )
  SELECT id_hash AS "idHash", is_right AS "isRight" FROM tried`,
);
