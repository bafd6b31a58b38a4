import { Secret, TOTP } from 'otpauth';
import { newRecoveryCodes, spelledCode } from '../../../src/authentication/recovery-codes/recovery-code.ts';
import { createTotpStore } from '../../../src/authentication/totp/totp-store.ts';
import { createSecretBox } from '../../../src/platform/secrets/secret-box.ts';
import type { Browser, Page } from '../browsers/browser.ts';
import { TEST_SECRETS, type TestServer } from '../servers/test-server.ts';

/** An authenticator app, by a library that is not ours. */
export interface App {
  secret: string;
  /** The code that it shows so many seconds from now. */
  code(inSeconds?: number): string;
}

export function anApp(secret: string): App {
  const totp = new TOTP({ secret: Secret.fromBase32(secret) });
  return { secret, code: (inSeconds = 0) => totp.generate({ timestamp: Date.now() + inSeconds * 1000 }) };
}

const NO_NOTICES = { factorAdded: async () => {}, factorRemoved: async () => {} };

export function totpStoreOf({ database }: Pick<TestServer, 'database'>) {
  const box = createSecretBox([Buffer.from(TEST_SECRETS.KEY_ENCRYPTION_KEY, 'base64')]);
  return createTotpStore(database.knex, { box, notices: NO_NOTICES });
}

/** Gives a person an app and ten recovery codes, as if they had set it up long ago. */
export async function withApp(
  server: Pick<TestServer, 'database'>,
  personId: string,
): Promise<{ app: App; recoveryCodes: string[] }> {
  const secret = new Secret({ size: 20 }).base32;
  const codes = newRecoveryCodes();
  const added = await totpStoreOf(server).add({ personId, secret, step: 0, codes }, undefined);
  if (!added) throw new Error(`The person ${personId} has an app already, or does not exist.`);
  return { app: anApp(secret), recoveryCodes: codes.map(spelledCode) };
}

/** The secret on a page that sets an app up. */
export function secretOn({ html }: Page): string {
  const [, text = ''] = /id="totp-secret"[^>]*>([^<]*)</.exec(html) ?? [];
  return text.replaceAll(' ', '');
}

/** The recovery codes on the page that shows them. */
export function recoveryCodesOn({ html }: Page): string[] {
  return [...html.matchAll(/<li><code>([^<]*)<\/code><\/li>/g)].map(([, code = '']) => code);
}

/** Enters a code on the page that asks for it, and follows to the next page or to `stopAt`. */
export async function enterCode(
  browser: Browser,
  page: Page,
  {
    code,
    by = 'second-factor',
    stopAt,
  }: {
    code: string;
    by?: 'second-factor' | 'recovery-code' | 'set-up-factor' | 'authenticator-app';
    stopAt?: string;
  },
): Promise<Page> {
  return browser.follow(await browser.submit(page, `/${by}`, { code }), stopAt);
}
