import { claimsNamed, scopesGiving } from '../../accounts/claims.ts';
import type { Person } from '../../accounts/person.ts';
import { claimsAllowed } from '../../clients/allowed-now.ts';
import type { Client } from '../../clients/client.ts';
import type { Payload } from '../../platform/time/payload-times.ts';

/** A grant's payload, as far as it is about claims that the client asked for by name (`claims`). */
interface NamedClaims {
  /** The ones that the person allowed. */
  openid?: { claims?: readonly string[] };
  /** Those of them for userinfo. */
  userinfo?: readonly string[];
}

interface Holder {
  client: Client;
  person: Person;
  grant: { payload: Payload };
}

/** The claims that the request wanted in ID tokens by their names (OpenID Connect Core section 5.5). */
export function claimsForIdToken(holder: Holder, { claims }: Payload): Record<string, unknown> | undefined {
  const { openid } = holder.grant.payload as NamedClaims;
  if (!openid?.claims) return undefined;
  const { id_token = {} } = (claims ?? {}) as { id_token?: object };
  return givenNow(
    openid.claims.filter((name) => Object.hasOwn(id_token, name)),
    holder,
  );
}

/** The claims that the request wanted at userinfo by their names. */
export function claimsForUserinfo(holder: Holder): Record<string, unknown> | undefined {
  const { userinfo } = holder.grant.payload as NamedClaims;
  return userinfo && givenNow(userinfo, holder);
}

/** The registration decides at each use which scopes, and so which claims, a client may have. */
function givenNow(names: readonly string[], { client, person }: Holder): Record<string, unknown> {
  return claimsNamed(person, claimsAllowed(client, names, scopesGiving));
}
