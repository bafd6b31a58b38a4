import type { Origin } from '../../audit/record.ts';
import type { SecretBox } from '../../platform/secrets/secret-box.ts';
import { type Clock, epochSeconds } from '../../platform/time/clock.ts';
import { newRecoveryCodes, spelledCode } from '../recovery-codes/recovery-code.ts';
import { type QrCode, qrCode } from './qr-code.ts';
import { compareTotp, newTotpSecret, totpAddress } from './totp.ts';
import type { TotpStore } from './totp-store.ts';

/** A page on which a person sets an app up. It counts only with the first right code, so nothing is stored before. */
export interface TotpPage {
  /** The secret, for the form of the page, which gives it back with the code. */
  sealed: string;
  /** For the app: as a picture, as an address on the same device, and to type. */
  qr: QrCode;
  address: string;
  secret: string;
}

export type TotpConfirmation =
  /** `recoveryCodes` are shown this once. Undefined: the person has some already. */
  | { outcome: 'added'; factor: string; recoveryCodes: readonly string[] | undefined }
  /** Seconds by which the clock of the device is behind, or ahead where it is negative. Undefined: the code is wrong. */
  | { outcome: 'wrong_code'; secondsBehind: number | undefined }
  /** The page was open for too long, or belongs to another sign-in or person. */
  | { outcome: 'out_of_date' }
  /** There is an app already, or the person was disabled. */
  | { outcome: 'not_added' };

export interface TotpSetUp {
  begin(page: SetUpPage): Promise<TotpPage>;
  /** The same page once more, after a code that was wrong. Undefined where it is out of date. */
  again(page: SetUpPage & { sealed: string }): Promise<TotpPage | undefined>;
  confirm(
    answer: Pick<SetUpPage, 'personId' | 'binding'> & { sealed: string; code: string },
    origin: Origin | undefined,
  ): Promise<TotpConfirmation>;
}

interface SetUpPage {
  personId: string;
  /** The interaction or session whose page it is. */
  binding: string;
  /** As the app names the account. */
  issuer: string;
  account: string;
}

const PAGE_SECONDS = 30 * 60;

export function createTotpSetUp({
  totp,
  box,
  clock,
}: {
  totp: TotpStore;
  /** One of its own, since people get what it sealed. */
  box: SecretBox;
  clock: Clock;
}): TotpSetUp {
  const contextOf = ({ personId, binding }: Pick<SetUpPage, 'personId' | 'binding'>) =>
    `${binding} ${personId}`;
  const open = (page: Pick<SetUpPage, 'personId' | 'binding'>, sealed: string): string | undefined => {
    try {
      const { secret, until } = JSON.parse(box.open(sealed, contextOf(page)));
      return until > epochSeconds(clock) ? secret : undefined;
    } catch {
      return undefined;
    }
  };
  const pageOf = async (
    { issuer, account }: SetUpPage,
    secret: string,
    sealed: string,
  ): Promise<TotpPage> => {
    const address = totpAddress(secret, { issuer, account });
    return { sealed, address, qr: await qrCode(address), secret: (secret.match(/.{4}/g) ?? []).join(' ') };
  };

  return {
    begin(page) {
      const secret = newTotpSecret();
      const until = epochSeconds(clock) + PAGE_SECONDS;
      return pageOf(page, secret, box.seal(JSON.stringify({ secret, until }), contextOf(page)));
    },

    async again({ sealed, ...page }) {
      const secret = open(page, sealed);
      return secret === undefined ? undefined : pageOf(page, secret, sealed);
    },

    async confirm({ sealed, code, ...page }, origin) {
      const secret = open(page, sealed);
      if (secret === undefined) return { outcome: 'out_of_date' };
      const compared = compareTotp(secret, code, epochSeconds(clock));
      if (compared.outcome !== 'right')
        return {
          outcome: 'wrong_code',
          secondsBehind: compared.outcome === 'other_time' ? compared.secondsAgo : undefined,
        };
      const codes = newRecoveryCodes();
      const app = { personId: page.personId, secret, step: compared.step, codes };
      const added = await totp.add(app, origin);
      if (!added) return { outcome: 'not_added' };
      return {
        outcome: 'added',
        factor: `totp:${added.id}`,
        recoveryCodes: added.codesAdded ? codes.map(spelledCode) : undefined,
      };
    },
  };
}
