import type { CredentialStore, LinkedPerson } from '../../accounts/credential-store.ts';
import { actsFor, type Origin, recordAudit } from '../../audit/record.ts';
import type { Queryable } from '../../platform/database.ts';
import { hashId } from '../../platform/secrets/digest.ts';
import type { SecretBox } from '../../platform/secrets/secret-box.ts';
import { addressMistake } from '../address.ts';
import type { Notices } from '../notices.ts';
import type { OutgoingMailStore } from '../outgoing-mail-store.ts';
import { linkAddress } from './link-address.ts';
import { createLinkMacs, newLinkSecret } from './link-secrets.ts';
import type { FoundLink, LinkStore } from './link-store.ts';

/** The parts of everything that people do by a link. */
export interface LinkDependencies {
  db: Queryable;
  links: LinkStore;
  credentials: CredentialStore;
  outgoing: OutgoingMailStore;
  notices: Notices;
  /** Seals what a link is for. */
  box: SecretBox;
  keys: readonly Buffer[];
  issuer: string;
}

/** The words of a browser that asked, for its pages. */
export interface AskedBy {
  /** As it was typed. */
  address: string;
  /** The interaction in which the person was about to sign in. */
  interaction?: { uid: string; clientId: string };
}

/** Setting a new password by a link or code in a mail. */
export interface PasswordLinks {
  /**
   * Asks for a link to set a new password. It does and takes the same whether somebody has the address or not.
   */
  askForReset(
    asked: AskedBy & { instanceId: string; canonicalAddress: string },
    browser: string,
    origin: Origin,
  ): Promise<void>;
  /** The words of this browser, while its request lives. */
  requestOf(browser: string): Promise<AskedBy | undefined>;
  /** Whether a code is right; undefined when this browser may not try any more. */
  tryCode(code: string, browser: string): Promise<boolean | undefined>;
  /** The link of a token, or the one whose code was typed in this browser. Looking uses nothing. */
  find(token: string | undefined, browser: string): Promise<PasswordLink | undefined>;
  /**
   * Uses the link up and sets the password. Exactly one caller gets true.
   */
  setPassword(link: PasswordLink, passwordHash: string, origin: Origin): Promise<boolean>;
  /** Sends the link to choose a first password, for an operator. */
  invite(personId: string, options?: { trx?: Queryable; origin?: Origin }): Promise<Invited>;
  /** Sends a new link in place of an invitation's, which is too old. */
  inviteAgain(link: PasswordLink, origin: Origin): Promise<boolean>;
}

export type Invited = 'invited' | 'unknown' | 'has_password' | 'no_mail';

export interface PasswordLink extends FoundLink {
  kind: 'reset' | 'invitation';
  person: LinkedPerson;
}

const CONTEXT = 'one-time link';
const REQUEST = 'request of a link';
const INVITATION_HOURS = 7 * 24;
/** Nobody's: a link for an address that nobody has is stored like any other. */
const NOBODY: LinkedPerson = { id: '', instanceId: '', email: '', passwordFingerprint: '' };

export function createPasswordLinks({
  db,
  links,
  credentials,
  outgoing,
  notices,
  box,
  keys,
  issuer,
}: LinkDependencies): PasswordLinks {
  const macs = createLinkMacs(keys);
  const seal = (person: LinkedPerson) => box.seal(JSON.stringify(person), CONTEXT);
  const requestOf = async (browser: string) => {
    const found = await links.findRequest(hashId(browser));
    return found && { ...found, asked: JSON.parse(box.open(found.sealed, REQUEST)) as AskedBy };
  };

  const mailInvitation = async (
    trx: Queryable,
    { instanceId, id, email, passwordFingerprint }: LinkedPerson,
    { prolong, origin }: { prolong: boolean; origin: Origin | undefined },
  ) => {
    const secret = newLinkSecret();
    const link = linkAddress(issuer, { instanceId, step: 'invitation', token: secret.token });
    await links.replace(
      trx,
      {
        about: macs.about('invitation', id),
        kind: 'invitation',
        idHash: secret.idHash,
        codeMac: null,
        sealed: seal({ id, instanceId, email, passwordFingerprint }),
        payload: outgoing.payloadOf({ template: 'invitation', personId: id, to: email, data: { link } }),
      },
      { keptHours: INVITATION_HOURS, prolong },
    );
    await recordAudit(trx, { event: 'person.invited', personId: id }, origin);
  };

  return {
    async askForReset({ instanceId, canonicalAddress, ...asked }, browser, origin) {
      const found = await credentials.findByAddress(instanceId, asked.address);
      const person = found ?? NOBODY;
      const secret = newLinkSecret();
      // Nobody who asked before delays the mail of a person who got the address, or another password, since then.
      const about = macs.about('reset', instanceId, canonicalAddress, person.id, person.passwordFingerprint);
      const link = linkAddress(issuer, { instanceId, step: 'password', token: secret.token });
      const personId = found?.id ?? null;
      await links.ask(
        {
          about,
          kind: 'reset',
          idHash: secret.idHash,
          codeMac: macs.code(secret.code, about),
          sealed: seal(person),
          payload: outgoing.payloadOf({
            template: 'reset',
            personId,
            to: person.email,
            data: { link, code: secret.code },
          }),
        },
        {
          browserHash: hashId(browser),
          sealed: box.seal(JSON.stringify(asked), REQUEST),
          personId,
          instanceId,
        },
        origin,
      );
    },

    requestOf: async (browser) => (await requestOf(browser))?.asked,

    async tryCode(code, browser) {
      const request = await links.findRequest(hashId(browser));
      if (!request) return undefined;
      const tried = await links.tryCode(hashId(browser), macs.code(code, request.about));
      return tried?.isRight;
    },

    async find(token, browser) {
      const idHash = token === undefined ? (await requestOf(browser))?.proven : hashId(token);
      const link = idHash ? await links.find(idHash, hashId(browser)) : undefined;
      if (!link || !isOfPassword(link)) return undefined;
      return { ...link, person: JSON.parse(box.open(link.sealed, CONTEXT)) };
    },

    async setPassword({ idHash, kind, person }, passwordHash, origin) {
      return db.transaction(async (trx) => {
        const taken = await links.take(trx, idHash);
        if (!taken) return false;
        await links.forget(trx, taken.about);
        // The trigger `audit_person` tells of the new password.
        await actsFor(trx, origin, { detail: { by: kind } });
        if (!(await credentials.setPassword(trx, person, passwordHash))) return false;
        if (kind === 'reset') await notices.passwordChanged(trx, person.id);
        return true;
      });
    },

    async invite(personId, { trx, origin } = {}) {
      if (!outgoing.isSent) return 'no_mail';
      const act = async (own: Queryable): Promise<Invited> => {
        const person = await credentials.findById(personId, own);
        // An outbox that drops it later tells no operator.
        if (!person || addressMistake(person.email) !== undefined) return 'unknown';
        if (person.hasPassword) return 'has_password';
        await mailInvitation(own, person, { prolong: true, origin });
        return 'invited';
      };
      return trx ? act(trx) : db.transaction(act);
    },

    async inviteAgain({ idHash, person }, origin) {
      return db.transaction(async (trx) => {
        if (!(await links.isHeld(trx, idHash))) return false;
        const now = await credentials.findById(person.id, trx);
        if (!now || now.hasPassword || now.email !== person.email) return false;
        await mailInvitation(trx, now, { prolong: false, origin });
        return true;
      });
    },
  };
}

function isOfPassword(link: FoundLink): link is FoundLink & { kind: PasswordLink['kind'] } {
  return link.kind === 'reset' || link.kind === 'invitation';
}
