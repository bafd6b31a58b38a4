import type { LinkedPerson } from '../../accounts/credential-store.ts';
import { actsFor, type Origin, recordAudit } from '../../audit/record.ts';
import type { Queryable } from '../../platform/database.ts';
import { hashId } from '../../platform/secrets/digest.ts';
import { addressMistake } from '../address.ts';
import type { Mail } from '../mail.ts';
import { linkAddress } from './link-address.ts';
import { createLinkMacs, newLinkSecret } from './link-secrets.ts';
import type { FoundLink } from './link-store.ts';
import type { LinkDependencies } from './password-links.ts';

/** Another e-mail address, which the new one and the one from before have to confirm. */
export interface AddressChanges {
  /**
   * Mails both addresses, and replaces a change that waits. A person may do so again after a pause (`too_soon`), so that
   * nobody fills a stranger's mailbox. Nothing says whether somebody has the new address already.
   * The caller has made sure that it is the person who asks.
   */
  ask(
    change: { personId: string; address: string; browser: string },
    origin: Origin,
  ): Promise<'asked' | 'same_address' | 'too_soon' | 'unknown' | { mistake: string }>;
  /** The change for which this browser asked, while it waits. */
  waiting(browser: string): Promise<{ address: string; isConfirmed: Record<Side, boolean> } | undefined>;
  /** Looking uses nothing. */
  find(token: string, browser: string): Promise<AddressLink | undefined>;
  /** Confirms with the code of either mail; undefined when this browser may not try any more. */
  tryCode(code: string, browser: string, origin: Origin): Promise<Confirmed | 'wrong' | undefined>;
  /** Confirms one side. The second one changes the address. */
  confirm(link: Pick<AddressLink, 'idHash'>, origin: Origin): Promise<Confirmed>;
  /** Stops a change, in any browser, with the link to the address from before. */
  stop(link: AddressLink, origin: Origin): Promise<boolean>;
}

/** `taken`: another person has the address. `over`: the link was used, replaced or too old, or the person changed. */
export type Confirmed = 'waits' | 'changed' | 'taken' | 'over';
type Side = 'new' | 'old';

export interface AddressLink extends FoundLink {
  side: Side;
  person: LinkedPerson;
  /** The new address. */
  address: string;
}

const CONTEXT = 'one-time link';
const REQUEST = 'request of a link';
/** So long the mails are counted. */
const HOURS = 24;
/** The constraints that refuse a second person with an address. */
const UNIQUE = ['person_email_unique', 'people_instance_email'];

interface Sealed {
  person: LinkedPerson;
  address: string;
}

export function createAddressChanges({
  db,
  links,
  credentials,
  outgoing,
  notices,
  box,
  keys,
  issuer,
}: LinkDependencies): AddressChanges {
  const macs = createLinkMacs(keys);
  const open = (sealed: string): Sealed => JSON.parse(box.open(sealed, CONTEXT));

  const mailSide = async (trx: Queryable, side: Side, { person, address }: Sealed, about: Buffer) => {
    const { token, idHash, code } = newLinkSecret();
    const link = linkAddress(issuer, { instanceId: person.instanceId, step: 'address', token });
    const kind = side === 'new' ? 'address_new' : 'address_old';
    const mail: Mail = {
      template: kind,
      personId: person.id,
      to: side === 'new' ? address : person.email,
      data: { link, code, address },
    };
    return links.replace(
      trx,
      {
        about,
        kind,
        idHash,
        codeMac: macs.code(code, about),
        sealed: box.seal(JSON.stringify({ person, address }), CONTEXT),
        payload: outgoing.payloadOf(mail),
      },
      // Both are mailed together, so the first one decides.
      { keptHours: HOURS, prolong: true, paused: side === 'new' },
    );
  };

  const change = async (trx: Queryable, { person, address }: Sealed, about: Buffer, origin: Origin) => {
    await links.forget(trx, about);
    // The trigger `audit_person` tells of the new address.
    await actsFor(trx, origin, { detail: { by: 'both_addresses' } });
    if (!(await credentials.setAddress(trx, person, address))) return 'over';
    await notices.addressChanged(trx, person.id, { from: person.email, address });
    return 'changed';
  };

  const confirm = async ({ idHash }: Pick<AddressLink, 'idHash'>, origin: Origin): Promise<Confirmed> => {
    try {
      return await db.transaction(async (trx) => {
        const [first, ...others] = await links.confirm(trx, idHash);
        if (!first) return 'over';
        const both = [first, ...others];
        if (both.length < 2 || both.some(({ confirmed }) => !confirmed)) return 'waits';
        return change(trx, open(first.sealed), first.about, origin);
      });
    } catch (error) {
      // Only the database can decide that, when both have confirmed.
      if (UNIQUE.includes((error as { constraint?: string }).constraint ?? '')) return 'taken';
      throw error;
    }
  };

  return {
    async ask({ personId, address, browser }, origin) {
      const mistake = addressMistake(address);
      if (mistake !== undefined) return { mistake };
      return db.transaction(async (trx) => {
        const person = await credentials.findById(personId, trx);
        if (!person?.hasPassword || !outgoing.isSent) return 'unknown';
        if (person.email === address) return 'same_address';
        const { hasPassword: _, ...linked } = person;
        const about = macs.about('address', personId);
        for (const side of ['new', 'old'] as const)
          if (!(await mailSide(trx, side, { person: linked, address }, about))) return 'too_soon';
        const sealed = box.seal(JSON.stringify({ address }), REQUEST);
        await links.noteRequest(trx, { browserHash: hashId(browser), about, sealed });
        await recordAudit(trx, { event: 'address.change_asked', personId }, origin);
        return 'asked';
      });
    },

    async waiting(browser) {
      const request = await links.findRequest(hashId(browser));
      const both = request ? await links.listOf(request.about) : [];
      const [first] = both;
      if (!first || !both.every(({ kind }) => sideOf(kind))) return undefined;
      const isConfirmed = (side: Side) =>
        both.some(({ kind, confirmed }) => sideOf(kind) === side && confirmed);
      return {
        address: open(first.sealed).address,
        isConfirmed: { new: isConfirmed('new'), old: isConfirmed('old') },
      };
    },

    async find(token, browser) {
      const link = await links.find(hashId(token), hashId(browser));
      const side = link && sideOf(link.kind);
      return link && side && { ...link, side, ...open(link.sealed) };
    },

    async tryCode(code, browser, origin) {
      const request = await links.findRequest(hashId(browser));
      if (!request) return undefined;
      const tried = await links.tryCode(hashId(browser), macs.code(code, request.about));
      if (!tried) return undefined;
      return tried.isRight ? confirm(tried, origin) : 'wrong';
    },

    confirm,

    async stop({ idHash, side, about, person }, origin) {
      if (side !== 'old') return false;
      return db.transaction(async (trx) => {
        if (!(await links.isHeld(trx, idHash))) return false;
        await links.end(trx, about);
        await recordAudit(trx, { event: 'address.change_stopped', personId: person.id }, origin);
        return true;
      });
    },
  };
}

function sideOf(kind: FoundLink['kind']): Side | undefined {
  if (kind === 'address_new') return 'new';
  return kind === 'address_old' ? 'old' : undefined;
}
