import type { Page } from 'playwright-core';
import type { ExportedPasskey } from '../passkeys/software-authenticator.ts';

/** A device of the browser that keeps passkeys and verifies its user, as far as a test lets it. */
export interface VirtualAuthenticator {
  /** The ids of the passkeys that it keeps, in base64. */
  kept(): Promise<string[]>;
  /** Gives it a passkey that is registered already. */
  keep(passkey: ExportedPasskey): Promise<void>;
  /** Whether somebody touches it when it is asked. */
  touch(isTouched: boolean): Promise<void>;
  remove(): Promise<void>;
}

export async function addVirtualAuthenticator(
  page: Page,
  { transport = 'internal', touched = true }: { transport?: 'internal' | 'usb'; touched?: boolean } = {},
): Promise<VirtualAuthenticator> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable', { enableUI: false });
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport,
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: touched,
    },
  });
  return {
    async kept() {
      const { credentials } = await devtools.send('WebAuthn.getCredentials', { authenticatorId });
      return credentials.map(({ credentialId }) => credentialId);
    },
    async keep(passkey) {
      await devtools.send('WebAuthn.addCredential', {
        authenticatorId,
        credential: { ...passkey, isResidentCredential: true, rpId: 'localhost', signCount: 0 },
      });
    },
    async touch(enabled) {
      await devtools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled });
    },
    async remove() {
      await devtools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
    },
  };
}
