import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server';
import type { Person } from '../../../src/accounts/person.ts';
import { systemClock } from '../../../src/platform/time/clock.ts';
import type { Page } from '../browsers/browser.ts';
import type { TestServer } from '../servers/test-server.ts';
import { FROM, passkeyParts } from './passkey-world.ts';
import {
  type BentCreation,
  type SoftwareAuthenticator,
  softwareAuthenticator,
} from './software-authenticator.ts';

/** Gives a person a passkey, and returns the device that keeps it. */
export async function aPasskey(
  { url, database }: Pick<TestServer, 'url' | 'database'>,
  person: { id: string; email: string },
  bent: BentCreation = {},
): Promise<SoftwareAuthenticator> {
  const device = softwareAuthenticator({ origin: url });
  const { registrar } = passkeyParts(database.knex, { clock: systemClock, origin: url });
  const options = await registrar.options({ person: person as Person, instanceName: 'Demo', uid: 'given' });
  const answer = JSON.stringify(device.create(options, bent));
  const added = await registrar.add({
    personId: person.id,
    uid: 'given',
    answer,
    userAgent: undefined,
    origin: FROM,
  });
  if (added.outcome !== 'added') throw new Error(added.detail);
  return device;
}

/** Reads the options with which a page's form asks the browser for a passkey. */
export function optionsOf(
  page: Pick<Page, 'html' | 'url'>,
): PublicKeyCredentialRequestOptionsJSON & PublicKeyCredentialCreationOptionsJSON {
  const [, options] = / data-options="([^"]*)"/.exec(page.html) ?? [];
  if (options === undefined) throw new Error(`The page at ${page.url} asks for no passkey:\n${page.html}`);
  return JSON.parse(options.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&'));
}
