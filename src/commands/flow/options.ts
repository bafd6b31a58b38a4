export interface FlowOptions {
  client: string;
  kind: 'listo' | 'listnr' | undefined;
  issuer: string;
  auth: 'basic' | 'post' | 'key' | 'none' | undefined;
  scope: string | undefined;
  claims: string | undefined;
  prompt: string | undefined;
  redirectUri: string | undefined;
  secretFile: string | undefined;
  keyFile: string | undefined;
  listnr: readonly string[];
  listnrScope: string | undefined;
  subject: string | undefined;
  timeoutSeconds: number;
  device: boolean;
  par: boolean;
  dpop: boolean;
  keep: boolean;
  /** Whether codes and tokens are shown whole. */
  show: boolean;
  json: boolean;
}
