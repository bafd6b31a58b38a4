import type { Knex } from 'knex';
import * as registration from './0001-registration.ts';
import * as protocol from './0002-protocol.ts';
import * as refreshFamilies from './0003-refresh-families.ts';
import * as keys from './0004-keys.ts';
import * as clientSecrets from './0005-client-secrets.ts';
import * as housekeeping from './0006-housekeeping.ts';
import * as revocation from './0007-revocation.ts';
import * as clientSecurity from './0008-client-security.ts';
import * as deviceCodes from './0009-device-codes.ts';
import * as rotateInPlace from './0010-rotate-in-place.ts';
import * as longerReplayWindow from './0011-longer-replay-window.ts';
import * as plainComments from './0012-plain-comments.ts';
import * as visibleNames from './0013-visible-names.ts';
import * as guesses from './0014-guesses.ts';
import * as unansweredInteractions from './0015-unanswered-interactions.ts';
import * as sessionLimit from './0016-session-limit.ts';
import * as consentHosts from './0017-consent-hosts.ts';
import * as answerSilently from './0018-answer-silently.ts';
import * as pastPublicKeys from './0019-past-public-keys.ts';
import * as anonymousSessions from './0020-anonymous-sessions.ts';
import * as applicationAddresses from './0021-application-addresses.ts';
import * as oneAddress from './0022-one-address.ts';
import * as everyColumn from './0023-every-column.ts';
import * as supportAddress from './0024-support-address.ts';
import * as canonicalAddresses from './0025-canonical-addresses.ts';
import * as updatedAt from './0026-updated-at.ts';
import * as upstreamAmr from './0027-upstream-amr.ts';
import * as applicationLook from './0028-application-look.ts';
import * as oneCommand from './0029-one-command.ts';
import * as securityProfile from './0030-security-profile.ts';
import * as ps256 from './0031-ps256.ts';
import * as targetLinks from './0032-target-links.ts';
import * as publishedKeys from './0033-published-keys.ts';
import * as signedIntrospection from './0034-signed-introspection.ts';
import * as deliveries from './0035-deliveries.ts';
import * as clientCertificates from './0036-client-certificates.ts';
import * as authorizationRequests from './0037-authorization-requests.ts';
import * as profileImplies from './0038-profile-implies.ts';
import * as certificateBoundTokens from './0039-certificate-bound-tokens.ts';
import * as auditEvents from './0040-audit-events.ts';
import * as factors from './0041-factors.ts';
import * as passkeys from './0042-passkeys.ts';
import * as mailAndLinks from './0043-mail-and-links.ts';
import * as accounts from './0044-accounts.ts';
import * as passwordRehashed from './0045-password-rehashed.ts';
import * as refusals from './0046-refusals.ts';
import * as plannedChanges from './0047-planned-changes.ts';
import * as updatedAtEverywhere from './0048-updated-at-everywhere.ts';
import { applyFunctions } from './functions.ts';

const MIGRATIONS = {
  '0001-registration': registration,
  '0002-protocol': protocol,
  '0003-refresh-families': refreshFamilies,
  '0004-keys': keys,
  '0005-client-secrets': clientSecrets,
  '0006-housekeeping': housekeeping,
  '0007-revocation': revocation,
  '0008-client-security': clientSecurity,
  '0009-device-codes': deviceCodes,
  '0010-rotate-in-place': rotateInPlace,
  '0011-longer-replay-window': longerReplayWindow,
  '0012-plain-comments': plainComments,
  '0013-visible-names': visibleNames,
  '0014-guesses': guesses,
  '0015-unanswered-interactions': unansweredInteractions,
  '0016-session-limit': sessionLimit,
  '0017-consent-hosts': consentHosts,
  '0018-answer-silently': answerSilently,
  '0019-past-public-keys': pastPublicKeys,
  '0020-anonymous-sessions': anonymousSessions,
  '0021-application-addresses': applicationAddresses,
  '0022-one-address': oneAddress,
  '0023-every-column': everyColumn,
  '0024-support-address': supportAddress,
  '0025-canonical-addresses': canonicalAddresses,
  '0026-updated-at': updatedAt,
  '0027-upstream-amr': upstreamAmr,
  '0028-application-look': applicationLook,
  '0029-one-command': oneCommand,
  '0030-security-profile': securityProfile,
  '0031-ps256': ps256,
  '0032-target-links': targetLinks,
  '0033-published-keys': publishedKeys,
  '0034-signed-introspection': signedIntrospection,
  '0035-deliveries': deliveries,
  '0036-client-certificates': clientCertificates,
  '0037-authorization-requests': authorizationRequests,
  '0038-profile-implies': profileImplies,
  '0039-certificate-bound-tokens': certificateBoundTokens,
  '0040-audit-events': auditEvents,
  '0041-factors': factors,
  '0042-passkeys': passkeys,
  '0043-mail-and-links': mailAndLinks,
  '0044-accounts': accounts,
  '0045-password-rehashed': passwordRehashed,
  '0046-refusals': refusals,
  '0047-planned-changes': plannedChanges,
  '0048-updated-at-everywhere': updatedAtEverywhere,
};

type Name = keyof typeof MIGRATIONS;

/**
 * The migrations that come with a new text of `functions/`, and the digest of that text. If you change a file there,
 * add a migration and a line here, because a database that is up to date only notices new migrations.
 */
export const FUNCTIONS_SINCE: Partial<Record<Name, string>> = {
  '0009-device-codes': 'a082ce94c8cda68f',
  '0012-plain-comments': 'c8f2d482d17ec33c',
  '0013-visible-names': '7b7e3b2934171bf6',
  '0019-past-public-keys': 'd34645c99c5e49a0',
  '0022-one-address': 'e94ad140d7a1c341',
  '0025-canonical-addresses': '7847b0fb8e0df63f',
  '0026-updated-at': '3bea43403f2a934f',
  '0029-one-command': 'f7b0cc4ec3d82e95',
  '0032-target-links': 'febafcd4df2e44a2',
  '0033-published-keys': '361f2e64d7347924',
  '0035-deliveries': '1f0c09fce210eb15',
  '0036-client-certificates': '57256e9f78297968',
  '0037-authorization-requests': '202d9e260bc85aac',
  '0038-profile-implies': '7841e4e9017901e9',
  '0040-audit-events': '643ed6f6924d9d5d',
  '0041-factors': '54b8604dca91b903',
  '0044-accounts': '556ff0692ec5ea32',
  '0045-password-rehashed': 'e554dab34394daa8',
  '0047-planned-changes': '0e59909ae669a140',
  '0048-updated-at-everywhere': 'f63b832e2a70dc02',
};

/** The migrations in order, as knex wants them. They are listed by hand, so that no folder is read at start. */
export const migrationSource: Knex.MigrationSource<Name> = {
  getMigrations: async () => Object.keys(MIGRATIONS) as Name[],
  getMigrationName: (name) => name,
  getMigration: async (name) =>
    name === LAST ? { ...MIGRATIONS[name], up: upToFunctions } : MIGRATIONS[name],
};

const LAST = Object.keys(MIGRATIONS).at(-1) as Name;

/**
 * Functions and triggers get their current text after the last migration, when everything that they mention exists.
 * An older migration that makes or replaces one has the text of its time, for its own statements.
 */
async function upToFunctions(knex: Knex): Promise<void> {
  await MIGRATIONS[LAST].up(knex);
  await applyFunctions(knex);
}
