import { auditValues, type Origin } from '../../audit/record.ts';
import type { Queryable } from '../../platform/database.ts';
import { MAIL } from '../mail.ts';
import { askForLink, compareCode, LIVES, PAUSE_IS_OVER } from './link-statements.ts';

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
    request: { browserHash: Buffer; sealed: string; personId: string | null; instanceId: string },
    origin: Origin,
  ): Promise<void>;
  /** Notes that a browser asks for links that are replaced with `replace`. */
  noteRequest(db: Queryable, request: { browserHash: Buffer; about: Buffer; sealed: string }): Promise<void>;
  /**
   * Queues a mail with a link that replaces the one before. `keptHours` counts from the first one. `paused`: false, and
   * nothing happens, while another mail has to wait, of several at once for all but one.
   */
  replace(
    db: Queryable,
    link: NewLink,
    options: { keptHours: number; prolong: boolean; paused?: boolean },
  ): Promise<boolean>;
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
  confirm(trx: Queryable, idHash: Buffer): Promise<LinkOfChange[]>;
  /** All links about something that still work, or did their part. */
  listOf(about: Buffer): Promise<LinkOfChange[]>;
  /** Ends all links and requests about something, and remembers how many mails there were. */
  end(trx: Queryable, about: Buffer): Promise<void>;
  /** Forgets all links and requests about something. */
  forget(trx: Queryable, about: Buffer): Promise<void>;
}

interface LinkOfChange {
  about: Buffer;
  kind: LinkKind;
  sealed: string;
  confirmed: boolean;
}

export interface FoundRequest {
  about: Buffer;
  sealed: string;
  proven: Buffer | null;
}

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

    async replace(trx, { about, kind, idHash, codeMac, sealed, payload }, options) {
      const { keptHours, prolong, paused = false } = options;
      const fresh = {
        id_hash: idHash,
        code_mac: codeMac,
        sealed,
        wrong_codes: 0,
        confirmed_at: null,
        expires_at: trx.raw(`now() + ${LIVES}`),
      };
      const kept = { kept_until: trx.raw('now() + make_interval(hours => ?)', [keptHours]) };
      const written = await trx('one_time_links as l')
        .insert({ about, kind, ...fresh, ...kept })
        .onConflict(['about', 'kind'])
        .merge({
          ...fresh,
          mails: trx.raw('l.mails + 1'),
          mailed_at: trx.raw('now()'),
          ...(prolong ? kept : {}),
        })
        .whereRaw(paused ? PAUSE_IS_OVER : 'true')
        .returning('l.kind');
      if (written.length === 0) return false;
      await trx('deliveries').insert({
        kind: MAIL,
        payload,
        give_up_at: trx.raw(`now() + ${LIVES}`),
      });
      return true;
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
        .whereIn('kind', ['address_new', 'address_old'])
        .whereRaw('expires_at > now()')
        .orderBy('kind')
        .forUpdate()
        .select('about', 'kind', 'sealed', 'confirmed_at', db.raw('id_hash = ? AS "isThis"', [idHash]));
      if (!rows.some(({ isThis, confirmed_at }) => isThis && confirmed_at === null)) return [];
      await trx('one_time_links').where({ id_hash: idHash }).update({ confirmed_at: trx.fn.now() });
      return rows.map(({ about, kind, sealed, confirmed_at, isThis }) => ({
        about,
        kind,
        sealed,
        confirmed: isThis || confirmed_at !== null,
      }));
    },

    listOf: (about) =>
      db('one_time_links')
        .where({ about })
        .whereRaw('expires_at > now()')
        .orderBy('kind')
        .select('about', 'kind', 'sealed', db.raw('confirmed_at IS NOT NULL AS confirmed')),

    async end(trx, about) {
      await trx('one_time_links').where({ about }).update({ expires_at: trx.fn.now() });
      await trx('link_requests').where({ about }).delete();
    },

    async forget(trx, about) {
      await trx('one_time_links').where({ about }).delete();
      await trx('link_requests').where({ about }).delete();
    },
  };
}
