import type { Variables } from './variables.ts';

export interface Issuers {
  /** The issuer identifier of Sign in with Listo: an origin, without a trailing slash. */
  issuer: string;
  /** Whether that issuer is https. Browsers then keep its cookies and addresses to TLS. */
  https: boolean;
  /** The `iss` of LiSTNR tokens: the same, unless it is set. */
  listnrIssuer: string;
}

/** Notes mistakes in `variables`. Outside production, an issuer that is not set is this machine's own. */
export function readIssuers(
  variables: Variables,
  { production, port }: { production: boolean; port: number },
): Issuers {
  const { mistakes } = variables;
  const isSet = variables.text('ISSUER') !== undefined;
  const issuer = variables.origin('ISSUER');
  const listnrIssuer = variables.address('LISTNR_ISSUER');

  if (!isSet && production) mistakes.push('ISSUER is required in production, such as https://login.example.');
  if (!isSet && !production && port === 0)
    mistakes.push('PORT is 0, which takes any free port, so ISSUER has to be set.');
  if (production && issuer?.startsWith('http:')) mistakes.push('ISSUER must be https in production.');
  if (production && listnrIssuer?.startsWith('http:'))
    mistakes.push('LISTNR_ISSUER must be https in production.');

  const known = issuer ?? `http://localhost:${port}`;
  return { issuer: known, https: known.startsWith('https:'), listnrIssuer: listnrIssuer ?? known };
}

/** The LiSTNR environment for which a client must be enabled. */
export function readEnvironmentName(variables: Variables): 'dev' | 'production' {
  return variables.oneOf('ENVIRONMENT', ['dev', 'production'] as const, 'dev');
}
