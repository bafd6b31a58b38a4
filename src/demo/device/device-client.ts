import * as oidc from 'openid-client';
import { DEVICE, SCOPE } from '../flows.ts';
import { type ConfigurationOf, type Tokens, tokensOf } from '../issuer.ts';
import type { Exchange } from '../requests/exchange.ts';

const DEVICE_CODE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
/** RFC 8628 section 3.2: the interval of an answer that names none. */
const DEFAULT_INTERVAL_SECONDS = 5;

export interface DeviceCode {
  deviceCode: string;
  userCode: string;
  verificationUri: string;
  /** The same address with the code in it. */
  verificationUriComplete: string;
  intervalSeconds: number;
  expiresInSeconds: number;
}

/** The program on a device without a browser. It records every fetch in the given `record`. */
export interface DeviceClient {
  askForCode(record: Exchange[]): Promise<DeviceCode>;
  /**
   * Asks once for the tokens. openid-client's `pollDeviceAuthorizationGrant` repeats this until there is a decision,
   * which would hide the answers that the demo shows.
   * @throws ResponseBodyError `authorization_pending`, `slow_down`, `access_denied` or `expired_token`.
   */
  poll(code: DeviceCode, record: Exchange[]): Promise<Tokens>;
}

export function createDeviceClient(configuration: ConfigurationOf): DeviceClient {
  return {
    async askForCode(record) {
      const config = await configuration(DEVICE.client, record);
      const answered = await oidc.initiateDeviceAuthorization(config, { scope: SCOPE });
      return {
        deviceCode: answered.device_code,
        userCode: answered.user_code,
        verificationUri: answered.verification_uri,
        verificationUriComplete: answered.verification_uri_complete ?? answered.verification_uri,
        intervalSeconds: answered.interval ?? DEFAULT_INTERVAL_SECONDS,
        expiresInSeconds: answered.expires_in,
      };
    },

    async poll({ deviceCode }, record) {
      const config = await configuration(DEVICE.client, record);
      return tokensOf(await oidc.genericGrantRequest(config, DEVICE_CODE_GRANT, { device_code: deviceCode }));
    },
  };
}
