import { type AuditValues, auditValues, type Origin, withAudit } from '../../audit/record.ts';
import type { Queryable } from '../../platform/database.ts';
import { prepare } from '../../platform/postgres/statements/prepared-statement.ts';
import { MAIL } from '../mail.ts';

export type LinkKind = 'reset' | 'invitation' | 'address_new' | 'address_old';

/** A link that is to be mailed. */
export interface NewLink {
  about: Buffer;
  kind: LinkKind;
  idHash: Buffer;
  codeMac: Buffer | null;
  sealed: string;
  /** The payload of the delivery that has the link. */
  payload: object;
}

/** A link, as whoever holds its secret may see it. */
export interface FoundLink {
  idHash: Buffer;
  kind: LinkKind;
  about: Buffer;
  sealed: string;
  /** Whether its time is over. */
  isExpired: boolean;
  /** Whether this browser asked for it. */
  isOwn: boolean;
}

/** One-time links, and the browsers that asked for them. */
export interface LinkStore {
  /**
   * Notes that a browser asks, and queues the mail with its link, unless the last mail was too short a time ago: then
   * that one works in this browser, too. All in one statement, whether anybody gets the mail or not.
   */
  ask(
    link: NewLink,
    request: { browserHash: Buffer; sealed: string; personId: string | null },
    origin: Origin,
  ): Promise<void>;
  /** Notes that a browser asks for links that are replaced with `replace`. */
  noteRequest(db: Queryable, request: { browserHash: Buffer; about: Buffer; sealed: string }): Promise<void>;
  /** Queues a mail with a link that replaces the one before at once. `keptHours` counts from the first one. */
  replace(db: Queryable, link: NewLink, options: { keptHours: number; prolong: boolean }): Promise<void>;
  /** The request of a browser, while it lives. */
  findRequest(browserHash: Buffer): Promise<FoundRequest | undefined>;
  find(idHash: Buffer, browserHash: Buffer): Promise<FoundLink | undefined>;
  /**
   * Compares a code with those of the links for which this browser asked, and counts it. Undefined when the browser may
   * not try any more, or there is nothing to try.
   */
  tryCode(browserHash: Buffer, codeMac: Buffer): Promise<{ isRight: boolean; idHash: Buffer } | undefined>;
  /** Uses a link up, for one caller, in the transaction of what it is for. */
  take(trx: Queryable, idHash: Buffer): Promise<{ sealed: string; about: Buffer } | undefined>;
  /** Whether nobody replaced or used a link, which is then locked until the transaction ends. */
  isHeld(trx: Queryable, idHash: Buffer): Promise<boolean>;
  /** Notes the confirmation of a link, for one caller. Then returns all links of its change, locked. */
  confirm(trx: Queryable, idHash: Buffer): Promise<{ kind: LinkKind; sealed: string; confirmed: boolean }[]>;
  /** Forgets all links and requests about something. */
  forget(trx: Queryable, about: Buffer): Promise<void>;
}

export interface FoundRequest {
  about: Buffer;
  sealed: string;
  proven: Buffer | null;
}

/** The minutes until another mail may go to the same account: after the first, the second, … mail of a day. */
const PAUSES = [1, 2, 5, 10, 25];
/** Longer than the longest pause, so that there always is a mail that works. */
const LIVES = "interval '30 minutes'";
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
};

const ASKED = `
  INSERT INTO link_requests (browser_hash, about, sealed, expires_at)
  VALUES (:browserHash::bytea, :about::bytea, :request::text, now() + ${LIVES})
  ON CONFLICT (browser_hash) DO UPDATE
  SET about = excluded.about, sealed = excluded.sealed, wrong_codes = 0, proven = NULL, expires_at = excluded.expires_at`;

const askForLink = prepare<never, Asked>(
  'ask_for_link',
  `
  WITH asked AS (${ASKED}),
  mailed AS (
    INSERT INTO one_time_links AS l (about, kind, id_hash, code_mac, sealed, expires_at, kept_until)
    VALUES (:about::bytea, :kind, :idHash::bytea, :codeMac::bytea, :sealed, now() + ${LIVES}, now() + interval '1 day')
    ON CONFLICT (about, kind) DO UPDATE
    SET id_hash = excluded.id_hash, code_mac = excluded.code_mac, sealed = excluded.sealed, wrong_codes = 0,
        mails = l.mails + 1, mailed_at = now(), expires_at = excluded.expires_at, kept_until = excluded.kept_until
    WHERE l.mailed_at + (ARRAY[${PAUSES}])[least(l.mails, ${PAUSES.length})] * interval '1 minute' <= now()
    RETURNING 1
  ),
  ${withAudit('mailed', 'password.reset_asked', { person: ':personId::text', client: 'NULL', instance: '(SELECT instance_id FROM people WHERE id = :personId::text)' })}
  INSERT INTO deliveries (kind, payload, give_up_at)
  SELECT '${MAIL}', :payload::jsonb, now() + ${LIVES} FROM mailed`,
);

/** The link whose code it is, or else the first one, at which it counts. */
const compareCode = prepare<{ isRight: boolean; idHash: Buffer }, { browserHash: Buffer; codeMac: Buffer }>(
  'compare_code_of_link',
  `
  WITH tried AS (
    UPDATE link_requests r
    SET wrong_codes = r.wrong_codes + CASE WHEN l.code_mac = :codeMac::bytea THEN 0 ELSE 1 END,
        proven = CASE WHEN l.code_mac = :codeMac::bytea THEN l.id_hash ELSE r.proven END
    FROM one_time_links l
    WHERE r.browser_hash = :browserHash::bytea AND r.expires_at > now() AND r.wrong_codes < ${MOST_WRONG_CODES}
      AND l.id_hash = (
        SELECT c.id_hash FROM one_time_links c
        WHERE c.about = r.about AND c.expires_at > now() AND c.confirmed_at IS NULL AND c.wrong_codes < ${MOST_WRONG_IN_ALL}
        ORDER BY c.code_mac = :codeMac::bytea DESC, c.kind LIMIT 1)
    RETURNING l.id_hash, l.code_mac = :codeMac::bytea AS is_right
  ),
  counted AS (
    UPDATE one_time_links l SET wrong_codes = l.wrong_codes + 1 FROM tried t WHERE l.id_hash = t.id_hash AND NOT t.is_right
  )
  SELECT id_hash AS "idHash", is_right AS "isRight" FROM tried`,
);

export function createLinkStore(db: Queryable): LinkStore {
  return {
    async ask({ payload, ...link }, { sealed: request, ...asking }, origin) {
      await askForLink(db, {
        ...link,
        ...asking,
        request,
        payload: JSON.stringify(payload),
        ...auditValues(origin),
      });
    },

    async noteRequest(trx, { browserHash, about, sealed }) {
      await trx('link_requests')
        .insert({ browser_hash: browserHash, about, sealed, expires_at: trx.raw(`now() + ${LIVES}`) })
        .onConflict('browser_hash')
        .merge({ about, sealed, wrong_codes: 0, proven: null, expires_at: trx.raw(`now() + ${LIVES}`) });
    },

    async replace(trx, { about, kind, idHash, codeMac, sealed, payload }, { keptHours, prolong }) {
      const fresh = {
        id_hash: idHash,
        code_mac: codeMac,
        sealed,
        wrong_codes: 0,
        confirmed_at: null,
        expires_at: trx.raw(`now() + ${LIVES}`),
      };
      const kept = { kept_until: trx.raw('now() + make_interval(hours => ?)', [keptHours]) };
      await trx('one_time_links')
        .insert({ about, kind, ...fresh, ...kept })
        .onConflict(['about', 'kind'])
        .merge({
          ...fresh,
          mails: trx.raw('one_time_links.mails + 1'),
          mailed_at: trx.raw('now()'),
          ...(prolong ? kept : {}),
        });
      await trx('deliveries').insert({
        kind: MAIL,
        payload,
        give_up_at: trx.raw(`now() + ${LIVES}`),
      });
    },

    findRequest: (browserHash) =>
      db('link_requests')
        .where({ browser_hash: browserHash })
        .whereRaw('expires_at > now()')
        .first('about', 'sealed', 'proven'),

    async find(idHash, browserHash) {
      return db('one_time_links as l')
        .where({ 'l.id_hash': idHash })
        .whereRaw('l.kept_until > now() AND l.confirmed_at IS NULL')
        .first(
          'l.kind',
          'l.about',
          'l.sealed',
          db.raw('l.id_hash AS "idHash"'),
          db.raw('l.expires_at <= now() AS "isExpired"'),
          db.raw(
            'EXISTS (SELECT FROM link_requests r WHERE r.browser_hash = ? AND r.about = l.about AND r.expires_at > now()) AS "isOwn"',
            [browserHash],
          ),
        );
    },

    async tryCode(browserHash, codeMac) {
      const { rows } = await compareCode(db, { browserHash, codeMac });
      return rows[0];
    },

    async take(trx, idHash) {
      const [row] = await trx('one_time_links')
        .where({ id_hash: idHash })
        .whereRaw('expires_at > now()')
        .delete()
        .returning(['sealed', 'about']);
      return row;
    },

    async isHeld(trx, idHash) {
      const row = await trx('one_time_links').where({ id_hash: idHash }).forUpdate().first('kind');
      return row !== undefined;
    },

    async confirm(trx, idHash) {
      // Two confirmations at once come one after the other.
      const rows = await trx('one_time_links')
        .whereIn('about', trx('one_time_links').where({ id_hash: idHash }).select('about'))
        .whereRaw('expires_at > now()')
        .orderBy('kind')
        .forUpdate()
        .select('kind', 'sealed', 'confirmed_at', db.raw('id_hash = ? AS "isThis"', [idHash]));
      if (!rows.some(({ isThis, confirmed_at }) => isThis && confirmed_at === null)) return [];
      await trx('one_time_links').where({ id_hash: idHash }).update({ confirmed_at: trx.fn.now() });
      return rows.map(({ kind, sealed, confirmed_at, isThis }) => ({
        kind,
        sealed,
        confirmed: isThis || confirmed_at !== null,
      }));
    },

    async forget(trx, about) {
      await trx('one_time_links').where({ about }).delete();
      await trx('link_requests').where({ about }).delete();
    },
  };
}
