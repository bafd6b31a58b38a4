/** A flow of the demo: one relying party of config/seeds/demo.sql, with a page of its own. */
export interface Flow {
  id: 'web' | 'consent' | 'device';
  /** Its name in the pages' navigation. */
  name: string;
  /** The path of its page. */
  home: string;
  /** The path that begins it, and the button that leads there. */
  start: string;
  button: string;
  client: FlowClient;
}

export interface FlowClient {
  id: string;
  /** Public: it is in config/seeds/demo.sql. Without one, the client is public, too. */
  secret?: string;
  /** The path of its redirect URI, at the issuer. A device has none. */
  callback?: string;
}

export const WEB: Flow = {
  id: 'web',
  name: 'Web application',
  home: '/demo',
  start: '/demo/sign-in',
  button: 'Sign in',
  client: {
    id: 'client_demo_web',
    secret: 'demo-web-secret-not-for-production-0001',
    callback: '/demo/callback',
  },
};

export const CONSENT: Flow = {
  id: 'consent',
  name: 'Consent',
  home: '/demo/consent',
  start: '/demo/consent/sign-in',
  button: 'Ask for consent',
  client: { id: 'client_demo_spa', callback: '/demo/consent/callback' },
};

export const DEVICE: Flow = {
  id: 'device',
  name: 'Device',
  home: '/demo/device',
  start: '/demo/device/start',
  button: 'Get a code',
  client: { id: 'client_demo_device' },
};

export const FLOWS: readonly Flow[] = [WEB, CONSENT, DEVICE];

export function redirectUriOf(issuer: string, { callback = '' }: FlowClient): string {
  return `${issuer}${callback}`;
}

/** The scopes that each of them asks for. */
export const SCOPE = 'openid profile email';

/** The flows whose clients are registered at this moment: the seed may be older, and somebody may delete a client. */
export type Offers = () => Promise<readonly Flow[]>;
