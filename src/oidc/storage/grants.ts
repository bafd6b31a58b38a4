import { randomBytes } from 'node:crypto';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { scopesGiving } from '../../accounts/claims.ts';
import { mayHaveScope, OFFLINE_ACCESS } from '../../clients/allowed-now.ts';
import type { ConsentStore } from '../../grants/consent-store.ts';
import { grantSeconds, type NewGrant } from '../../grants/new-grant.ts';
import { type Clock, epochSeconds } from '../../platform/time/clock.ts';
import { registered } from '../../refusals/registered.ts';
import { shown } from '../../refusals/shown.ts';
import type { RequestedClaims } from '../checks/requested-claims.ts';
import { invalidScopes } from '../checks/requested-scope.ts';
import { clientRecord } from './client-metadata.ts';

type OidcContext = KoaContextWithOIDC['oidc'];

/**
 * Makes the grant of this authorization. Each authorization has its own, unlike the library's one for each session,
 * so that ending one does not end another. It holds the scopes that the person allows this client: all requested ones
 * if no consent is required, otherwise the consented ones. The library's consent prompt asks for the rest. A scope that
 * the registration lost while the person signed in is rejected, so that nobody is asked for it.
 *
 * Nothing is written here; the grant is saved together with its code.
 */
export function createGrantLoader({ consents }: { consents: ConsentStore }) {
  return async function loadExistingGrant(ctx: KoaContextWithOIDC) {
    const { oidc } = ctx;
    const { client, account } = oidc;
    if (!client || !account) return undefined;
    const requested = [...oidc.requestParamOIDCScopes];
    const record = clientRecord(client);
    const asked = requested.filter((scope) => mayHaveScope(record, scope));
    if (requested.length > 0 && asked.length === 0)
      throw invalidScopes(`scopes not allowed to this client any more: ${requested.join(' ')}`, {
        reason: 'scope.not_allowed',
        came: { scope: shown(requested) },
        expected: { scope: registered(record.scopes) },
      });

    let allowed = asked;
    let mayBeGiven = (scope: string) => mayHaveScope(record, scope);
    if (record.requireConsent || oidc.prompts.has('consent')) {
      const consented = new Set(
        await consents.scopesFor({
          personId: account.accountId,
          clientId: record.id,
          redirectUri: oidc.params?.redirect_uri as string | undefined,
        }),
      );
      // The consent page names lasting access whether a client asks for it or not (interactions/consent.ts).
      if (consented.size > 0) consented.add(OFFLINE_ACCESS);
      allowed = asked.filter((scope) => consented.has(scope));
      mayBeGiven = (scope) => mayHaveScope(record, scope) && consented.has(scope);
    }
    const grant = new oidc.provider.Grant({ accountId: account.accountId, clientId: client.clientId });
    grant.jti = randomBytes(16).toString('base64url');
    if (allowed.length > 0) grant.addOIDCScope(allowed.join(' '));
    const removed = requested.filter((scope) => !asked.includes(scope));
    if (removed.length > 0) grant.rejectOIDCScope(removed.join(' '));
    const claims = claimsAboutPerson(oidc);
    if (claims.length > 0) grant.addOIDCClaims(claims.filter((name) => scopesGiving(name).every(mayBeGiven)));
    return grant;
  };
}

/** The claims about the person that the parameter `claims` asks for. Those that are missing are asked consent for. */
function claimsAboutPerson({ requestParamClaims }: OidcContext): string[] {
  return [...requestParamClaims].filter((name) => scopesGiving(name).length > 0);
}

/** The grant to save with the code in `oidc`, which lives for `codeSeconds`, in our form. */
export function newGrantFor(
  oidc: OidcContext | undefined,
  codeSeconds: number,
  clock: Clock,
): Omit<NewGrant, 'sessionIsNew'> | undefined {
  const grant = oidc?.entities.Grant;
  if (!oidc?.client || !oidc.session || !grant?.jti || !grant.accountId) return undefined;
  const seconds = grantSeconds(clientRecord(oidc.client), codeSeconds);
  const now = epochSeconds(clock);
  const { jti, accountId, clientId, openid, rejected } = grant as unknown as StoredGrant;
  return {
    id: jti,
    personId: accountId,
    clientId,
    sessionUid: oidc.session.uid,
    payload: {
      ...{ jti, kind: 'Grant', iat: now, exp: now + seconds, accountId, clientId, openid, rejected },
      ...claimsOfUserinfo(oidc, openid),
    },
    expiresAt: new Date((now + seconds) * 1000),
    consented: clientRecord(oidc.client).requireConsent,
  };
}

/** Userinfo has nothing of the request but its grant. */
function claimsOfUserinfo({ claims }: OidcContext, openid: StoredGrant['openid']): { userinfo?: string[] } {
  const asked = Object.keys((claims as RequestedClaims).userinfo ?? {});
  const given = asked.filter((name) => openid?.claims?.includes(name));
  return given.length > 0 ? { userinfo: given } : {};
}

/** The stored members of the library's grant. The library's types have only the readable ones. */
interface StoredGrant {
  jti: string;
  accountId: string;
  clientId: string;
  openid?: { scope?: string; claims?: readonly string[] };
  rejected?: object;
}
