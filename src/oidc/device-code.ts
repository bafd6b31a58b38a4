import { type Adapter, type AdapterPayload, errors, Provider } from 'oidc-provider';
import type { DeviceCodeStore, DeviceCode as StoredDeviceCode } from '../grants/device-code-store.ts';
import type { GrantStore } from '../grants/grant-store.ts';
import { redeem } from './redemption.ts';
import { explained, invalidGrant } from './refusal.ts';
import { requestScope, useGrant } from './request-scope.ts';
import { newGrantFor } from './storage/grants.ts';

export const DEVICE_CODE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
export const DEVICE_CODE_TTL_SECONDS = 600;

/** The five seconds of RFC 8628 section 3.2, less what the way here may take off between two requests. */
const POLL_EVERY_SECONDS = 4;
/** An expired code is still known for as long, so that device and person are told that it expired. */
const KEPT_AFTER_EXPIRY_SECONDS = 600;

type DeviceCode = InstanceType<Provider['DeviceCode']>;
type Find = (value: string, options?: { ignoreExpiration?: boolean }) => Promise<DeviceCode | undefined>;

/**
 * Answers a device that asks: too soon, used, or not its own, each in words. `poll` reads the code and notes the
 * asking in one statement; `redeem` decides who of several gets the tokens.
 */
export function decideDeviceCodes(
  provider: Provider,
  { deviceCodes, grants }: { deviceCodes: DeviceCodeStore; grants: GrantStore },
): void {
  const { DeviceCode } = provider;
  const find = DeviceCode.find.bind(DeviceCode) as Find;

  Object.assign(DeviceCode, {
    async find(...[value, options]: Parameters<Find>): ReturnType<Find> {
      const ctx = Provider.ctx;
      if (ctx?.oidc.route !== 'token') return find(value, options);
      const clientId = ctx.oidc.client?.clientId ?? '';
      const polled = await deviceCodes.poll(value, { clientId, everySeconds: POLL_EVERY_SECONDS });
      if (!polled) throw invalidGrant('Device code is not valid');
      if (polled.grant) useGrant(polled.grant);
      const code = new DeviceCode({ ...polled.payload, jti: value } as never);
      if (code.isExpired) throw explained(new errors.ExpiredToken('expired'), 'Device code expired');
      if (!polled.decided && !polled.inTime) throw new errors.SlowDown();
      return code;
    },
  });

  Object.assign(DeviceCode.prototype, {
    async consume(this: DeviceCode) {
      const markUsed = () => deviceCodes.consume(this.jti);
      await redeem({ model: 'DeviceCode', id: this.jti }, { grantId: this.grantId, grants, markUsed });
    },
  });
}

/**
 * Storage of device codes for the library. On the person's side a code goes by its handle. What the library saves
 * there counts only where the person has decided: that they began is no reason why they may not go back and begin
 * again, and that something failed is none why the device should give up.
 */
export function deviceCodeAdapter({
  deviceCodes,
}: {
  deviceCodes: DeviceCodeStore;
}): Pick<Adapter, 'upsert' | 'find' | 'findByUserCode'> {
  return {
    async upsert(id, { jti: _jti, userCode, inFlight: _inFlight, ...payload }, ttlSeconds = 0) {
      const ctx = Provider.ctx;
      if (ctx?.oidc.route === 'device_authorization') {
        const expiresAt = new Date(Date.now() + (ttlSeconds + KEPT_AFTER_EXPIRY_SECONDS) * 1000);
        // Nobody compares the person who comes with an ID token, so none is kept.
        const { id_token_hint: _hint, ...params } = payload.params ?? {};
        const kept = { ...payload, params };
        return deviceCodes.create({ deviceCode: id, userCode: userCode ?? '', payload: kept, expiresAt });
      }
      if (payload.error === 'access_denied') return unlessDecided(await deviceCodes.deny(id, payload));
      const grant = payload.accountId ? newGrantFor(ctx?.oidc, ttlSeconds) : undefined;
      if (!grant) return;
      const { loaded, passwordFingerprint } = requestScope();
      const sessionIsNew = !loaded.has(`Session ${grant.sessionUid}`);
      unlessDecided(await deviceCodes.approve(id, payload, { ...grant, sessionIsNew, passwordFingerprint }));
    },

    find: async (handle) => fromStored(await deviceCodes.find(handle)),

    async findByUserCode(userCode) {
      const payload = fromStored(await deviceCodes.findByUserCode(userCode));
      // Whoever asks knows it, and the library compares it with what it asked for.
      return payload && { ...payload, userCode };
    },
  };
}

function fromStored(code: StoredDeviceCode | undefined): AdapterPayload | undefined {
  return code && { ...code.payload, jti: code.handle, ...(code.consumed ? { consumed: true } : {}) };
}

function unlessDecided(done: boolean): void {
  if (!done)
    throw new errors.InvalidRequest(
      'the code was used meanwhile, or the person was signed out or took their consent back',
    );
}
