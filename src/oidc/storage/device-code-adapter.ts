import { type Adapter, type AdapterPayload, errors, Provider } from 'oidc-provider';
import type { DeviceCodeStore, DeviceCode as StoredDeviceCode } from '../../grants/device-code-store.ts';
import { type Clock, secondsFromNow } from '../../platform/time/clock.ts';
import { isLoaded, requestContext } from '../request-context.ts';
import { newGrantFor } from './grants.ts';

export const DEVICE_CODE_TTL_SECONDS = 600;

/** An expired code is kept this much longer, so that device and person learn that it expired. */
const KEPT_AFTER_EXPIRY_SECONDS = 600;

/**
 * Stores device codes for the library. On the person's side, a handle stands for the code. The library's changes
 * there count only when the person has decided. A person who has begun may go back and begin again, and an error must
 * not make the device give up.
 */
export function deviceCodeAdapter({
  deviceCodes,
  clock,
}: {
  deviceCodes: DeviceCodeStore;
  clock: Clock;
}): Pick<Adapter, 'upsert' | 'find' | 'findByUserCode'> {
  return {
    async upsert(id, { jti: _jti, userCode, inFlight: _inFlight, ...payload }, ttlSeconds = 0) {
      const ctx = Provider.ctx;
      if (ctx?.oidc.route === 'device_authorization') {
        const expiresAt = secondsFromNow(clock, ttlSeconds + KEPT_AFTER_EXPIRY_SECONDS);
        // Nobody compares the person with an ID token, so none is stored.
        const { id_token_hint: _hint, ...params } = payload.params ?? {};
        const kept = { ...payload, params };
        return deviceCodes.create({ deviceCode: id, userCode: userCode ?? '', payload: kept, expiresAt });
      }
      if (payload.error === 'access_denied') return unlessDecided(await deviceCodes.deny(id, payload));
      const grant = payload.accountId ? newGrantFor(ctx?.oidc, ttlSeconds, clock) : undefined;
      if (!grant) return;
      const { passwordFingerprint, provenFactors } = requestContext();
      const sessionIsNew = !isLoaded('Session', grant.sessionUid);
      unlessDecided(
        await deviceCodes.approve(id, payload, {
          ...grant,
          sessionIsNew,
          passwordFingerprint,
          provenFactors,
        }),
      );
    },

    find: async (handle) => fromStored(await deviceCodes.find(handle)),

    async findByUserCode(userCode) {
      const payload = fromStored(await deviceCodes.findByUserCode(userCode));
      // The caller knows the user code, and the library compares it with the requested one.
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
