import { Provider } from 'oidc-provider';
import type { Events } from '../audit/events.ts';
import type { GrantStore } from '../grants/grant-store.ts';
import type { NewFamily, RefreshFamily, RefreshFamilyStore } from '../grants/refresh-family-store.ts';
import { refuseUsedCode } from './redemption.ts';
import type { RefreshTokenCodec, RefreshTokenValue } from './refresh-token-value.ts';
import { invalidGrant } from './refusal.ts';
import { requestScope, useGrant } from './request-scope.ts';
import { clientRecord } from './storage/client-metadata.ts';

export interface RefreshTokenDependencies {
  families: RefreshFamilyStore;
  codec: RefreshTokenCodec;
  grants: GrantStore;
  events: Events;
}

type RefreshToken = InstanceType<Provider['RefreshToken']>;
type Client = InstanceType<Provider['Client']>;

/**
 * Makes a refresh token a counter on one row. What is presented is compared with the row's sequence:
 * the same rotates; one behind inside the replay window gets the same successor again, so that a lost answer, two
 * tabs or a retry sign nobody out; older is reuse and ends the grant; ahead can only mean that the row lost a
 * commit, and it catches up. `saveRefreshToken` decides, in one conditional update.
 */
export function countRefreshTokens(provider: Provider, dependencies: RefreshTokenDependencies): void {
  const { families, codec } = dependencies;
  const { RefreshToken } = provider;

  Object.assign(RefreshToken, {
    async find(text: string): Promise<RefreshToken | undefined> {
      const client = Provider.ctx?.oidc.client;
      const value = client && read(text, client.clientId, codec);
      const family = value && (await families.find(value.family, windowOf(client)));
      if (!value || !family) return refuse('Refresh token is not valid');
      if (isReuse(value, family)) return refuseReuse(client, value, family, dependencies);
      if (family.expiresAt.getTime() <= Date.now()) return refuse('Refresh token expired');
      reportAhead(client, value, family, dependencies);
      useGrant(family.grant);
      return new RefreshToken({
        ...family.payload,
        jti: text,
        exp: Math.floor(family.expiresAt.getTime() / 1000),
      } as unknown as ConstructorParameters<typeof RefreshToken>[0]);
    },
  });

  Object.assign(RefreshToken.prototype, {
    generateTokenId(this: RefreshToken) {
      const clientId = this.clientId ?? '';
      const rotated = Provider.ctx?.oidc.entities.RotatedRefreshToken;
      const previous = rotated && read(rotated.jti, clientId, codec);
      const value = previous ? { ...previous, sequence: previous.sequence + 1 } : codec.newFamily();
      return remember(codec.encode(value, clientId), value);
    },
    // The update in `saveRefreshToken` decides; marking the old token beforehand would be a second write.
    consume: async () => {},
  });
}

/** Saves a new family, or rotates the one that is being refreshed. @throws InvalidGrant when that is refused. */
export async function saveRefreshToken(
  text: string,
  payload: Record<string, unknown> & { grantId?: string | undefined },
  expiresAt: Date,
  { families, codec, grants, events }: RefreshTokenDependencies,
): Promise<void> {
  const client = Provider.ctx?.oidc.client;
  const value = client && read(text, client.clientId, codec);
  if (!value || !payload.grantId) throw new Error('A refresh token is saved only inside a token request.');
  if (!Provider.ctx?.oidc.entities.RotatedRefreshToken) {
    return start(value.family, { grantId: payload.grantId, payload, expiresAt }, { families, grants });
  }
  const presented = value.sequence - 1;
  const subject = {
    clientId: client.clientId,
    personId: String(payload.accountId),
    grantId: payload.grantId,
  };
  switch (await families.rotate(value.family, { presented, windowSeconds: windowOf(client), expiresAt })) {
    case 'rotated':
      return;
    case 'replayed':
      return events.refreshTokenReplayed(subject);
    case 'reused':
      await grants.revoke(payload.grantId);
      events.refreshTokenReused({ ...subject, behind: 2 });
      throw invalidGrant('Refresh token already used');
    case 'gone':
      throw invalidGrant('Refresh token is not valid');
  }
}

/** Begins a family, and with it marks the code used that it is given for (redemption.ts). */
async function start(
  family: Buffer,
  newFamily: NewFamily,
  { families, grants }: Pick<RefreshTokenDependencies, 'families' | 'grants'>,
): Promise<void> {
  const { redeeming } = requestScope();
  if (redeeming === undefined) return families.start(family, newFamily);
  if (!(await families.startWithCode(family, newFamily, redeeming))) {
    throw await refuseUsedCode(redeeming.model, newFamily.grantId, grants);
  }
  delete requestScope().redeeming;
}

/** The library asks several times about one token, of the one client of a request; its mac is computed once. */
function read(text: string, clientId: string, codec: RefreshTokenCodec): RefreshTokenValue | undefined {
  const known = requestScope().refreshTokens?.get(text);
  if (known) return known;
  const value = codec.decode(text, clientId);
  if (value) remember(text, value);
  return value;
}

function remember(text: string, value: RefreshTokenValue): string {
  const scope = requestScope();
  scope.refreshTokens ??= new Map();
  scope.refreshTokens.set(text, value);
  return text;
}

function windowOf(client: Client): number {
  return clientRecord(client).refreshReplayWindowSeconds;
}

function isReuse({ sequence }: RefreshTokenValue, family: RefreshFamily): boolean {
  const behind = family.sequence - sequence;
  return behind > 1 || (behind === 1 && !family.withinWindow);
}

/** Whoever holds an old token may have stolen it, or been robbed: at the token endpoint nobody keeps the grant. */
async function refuseReuse(
  client: Client,
  value: RefreshTokenValue,
  family: RefreshFamily,
  { grants, events }: RefreshTokenDependencies,
): Promise<undefined> {
  if (Provider.ctx?.oidc.route === 'token') {
    await grants.revoke(family.grant.id);
    events.refreshTokenReused({
      clientId: client.clientId,
      personId: String(family.payload.accountId),
      grantId: family.grant.id,
      behind: family.sequence - value.sequence,
    });
  }
  return refuse('Refresh token already used');
}

/** Rotating from it brings the row up to date; an operator should know that commits were lost. */
function reportAhead(
  client: Client,
  { sequence }: RefreshTokenValue,
  family: RefreshFamily,
  { events }: RefreshTokenDependencies,
): void {
  const ahead = sequence - family.sequence;
  if (ahead <= 0 || Provider.ctx?.oidc.route !== 'token') return;
  events.refreshTokenAhead({
    clientId: client.clientId,
    personId: String(family.payload.accountId),
    grantId: family.grant.id,
    ahead,
  });
}

/** At the token endpoint a refusal says why; elsewhere the token is simply not found. */
function refuse(description: string): undefined {
  if (Provider.ctx?.oidc.route === 'token') throw invalidGrant(description);
  return undefined;
}
