import type { Config } from './config.ts';

/** What `npm start` says once it serves: where to go next. */
export function welcome(config: Config): string {
  const { issuer } = config;
  const lines = [
    '',
    `Listening. Issuer ${issuer}`,
    `  Discovery   ${issuer}/.well-known/openid-configuration`,
  ];
  if (config.demo) {
    lines.push(
      `  Try it      ${issuer}/demo`,
      '  Sign in as  ada@demo.example / correct horse battery staple',
      '  Clients     client_demo_web (secret demo-web-secret-not-for-production-0001)',
      '              client_demo_spa (public, PKCE)',
      '',
      'A LiSTNR token, server to server:',
      `  curl -u demo-service:demo-listnr-secret-not-for-production-01 -H 'Content-Type: application/json' \\`,
      `    -d '{"client_id":"demo-service","subject":"someone","scope":"read:profile"}' \\`,
      `    ${issuer}/v1/listnr-token-provider/issue-token`,
      '',
      `Your own application: use the issuer ${issuer} and client_demo_web, with one of its redirect URIs`,
      '(http://127.0.0.1:9999/callback), or register a client: docs/registering-clients.md',
    );
  }
  return `${lines.join('\n')}\n\n`;
}
