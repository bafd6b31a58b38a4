import { createRemoteJWKSet, jwtVerify } from 'jose';
import { withStillTime } from '../../support/still-time.ts';
import { CLIENT, type World } from './world.ts';

export function idToken(world: () => World): void {
  const verify = (token: string, audience = CLIENT.client_id) =>
    jwtVerify(token, createRemoteJWKSet(new URL(`${world().issuer}/auth/jwks`)), {
      issuer: world().issuer,
      audience,
      typ: 'JWT',
      algorithms: ['RS256'],
    });

  describe('ID Token (JWT)', () => {
    it('ID Token Structure, Important Claims, Validating the ID Token: exactly these claims, signed with the published key', async () => {
      await withStillTime(async (time) => {
        const { id_token = '' } = await world().tokens({ nonce: 'your-nonce-value' });
        expect((await verify(id_token)).payload).toEqual({
          iss: world().issuer,
          sub: 'user-unique-id',
          aud: 'client_abc123',
          exp: time.now() + 3600,
          iat: time.now(),
          nonce: 'your-nonce-value',
          client_id: 'client_abc123',
          scope: 'openid profile email',
          name: 'John Doe',
          firstName: 'John',
          lastName: 'Doe',
          email: 'john.doe@yourapp.com',
          email_verified: true,
          workerProfileId: 'worker-123',
          workerIds: [],
          userIds: [{ id: 'user-789', clientId: 'client-xyz' }],
        });
        time.forward(3600);
        await expect(verify(id_token)).rejects.toMatchObject({ code: 'ERR_JWT_EXPIRED' });
      });
    });

    it('Claims by Scope hold for it too, and nonce is there only if provided', async () => {
      await withStillTime(async (time) => {
        const { id_token = '' } = await world().tokens({ scope: 'openid' });
        expect((await verify(id_token)).payload).toEqual({
          iss: world().issuer,
          sub: 'user-unique-id',
          aud: 'client_abc123',
          exp: time.now() + 3600,
          iat: time.now(),
          client_id: 'client_abc123',
          scope: 'openid',
          workerProfileId: 'worker-123',
          workerIds: [],
          userIds: [{ id: 'user-789', clientId: 'client-xyz' }],
        });
      });
    });

    it('aud: another client may not take it for its own', async () => {
      const { id_token = '' } = await world().tokens();
      await expect(verify(id_token, 'client_strict')).rejects.toMatchObject({
        code: 'ERR_JWT_CLAIM_VALIDATION_FAILED',
        claim: 'aud',
      });
    });

    it('auth_time is there when max_age was asked for (OIDC Core 3.1.2.1)', async () => {
      const { id_token = '' } = await world().tokens({ max_age: '86400' });
      expect((await verify(id_token)).payload.auth_time).toEqual(expect.any(Number));
    });
  });
}
