import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { adaClaims } from '../../support/clients/token-provider.ts';
import type { Live } from '../live.ts';
import { EXTERNAL_ISSUER, KEYS_CLIENT, type World } from '../world.ts';
import { type Fault, privateKey, signedJwt } from './jwts.ts';
import type { JwtKind } from './values.ts';

/** A JWT of this kind that the server accepts here, but for its faults. */
export function jwtOf(
  kind: JwtKind,
  { world, live, method, url }: { world: World; live: Live; method: string; url: string },
  faults: readonly Fault[],
): string {
  const { server, clientKey, externalKey } = world;
  const [now, jti] = [Math.floor(Date.now() / 1000), crypto.randomUUID()];
  const ours = () => privateKey(server.services.keyRings.oidc.privateJwks.keys[0] ?? {});
  const sign = (header: Record<string, unknown>, claims: Record<string, unknown>, key: KeyObject) =>
    signedJwt({ header, claims, key, alg: String(header.alg) }, faults);
  const accessToken = live.access_token ?? '';
  switch (kind) {
    case 'client_assertion': {
      const claims = { iss: KEYS_CLIENT, sub: KEYS_CLIENT, aud: server.url, jti, iat: now, exp: now + 60 };
      return sign({ alg: 'ES256', kid: clientKey.kid }, claims, privateKey(clientKey));
    }
    case 'dpop': {
      const key = privateKey(clientKey);
      const jwk = createPublicKey(key).export({ format: 'jwk' });
      const ath = createHash('sha256').update(accessToken).digest('base64url');
      return sign({ typ: 'dpop+jwt', alg: 'ES256', jwk }, { jti, htm: method, htu: url, iat: now, ath }, key);
    }
    case 'id_token': {
      const { kid } = server.services.keyRings.oidc.current;
      return sign({ alg: 'RS256', kid, typ: 'JWT' }, { ...adaClaims(server) }, ours());
    }
    case 'access_token':
      return sign({ ...decodeProtectedHeader(accessToken) }, decodeJwt(accessToken), ours());
    case 'external_id_token': {
      const claims = {
        iss: EXTERNAL_ISSUER,
        aud: 'listo-demo',
        sub: 'them',
        iat: now,
        exp: now + 600,
        auth_time: now,
        email: 'a@b.example',
        email_verified: true,
        name: 'A B',
      };
      return sign({ alg: 'RS256', kid: externalKey.kid, typ: 'JWT' }, claims, privateKey(externalKey));
    }
  }
}
