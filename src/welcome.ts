import type { Config } from './config.ts';

type Place = Pick<Config, 'issuer' | 'host' | 'port'>;

/** The text for a terminal when the server is ready. Its secrets are those of config/seeds/demo.sql. */
export function welcome({ issuer, host, port }: Place, { demo }: { demo: boolean }): string {
  if (!demo) {
    return `\nListening on ${host.includes(':') ? `[${host}]` : host}:${port} as ${issuer}\n\n`;
  }
  return `
Sign in with Listo is ready at ${issuer}

  See it work    ${issuer}/demo
    e-mail       ada@demo.example
    password     correct horse battery staple

  Connect yours  ${issuer}/.well-known/openid-configuration
    client       client_demo_web
    secret       demo-web-secret-not-for-production-0001
    redirect     http://127.0.0.1:9999/callback
    or, public   client_demo_spa, with PKCE and http://127.0.0.1:9999/spa/callback

  Get a LiSTNR token

    curl ${issuer}/v1/listnr-token-provider/issue-token \\
      -u demo-service:demo-listnr-secret-not-for-production-01 \\
      -H 'Content-Type: application/json' \\
      -d '{"client_id":"demo-service","subject":"somebody","scope":"read:profile"}'

  Register your own clients: docs/registering-clients.md. Stop with Ctrl+C.

`;
}

/** The same for the log, in which no secret may be. */
export function ready({ issuer }: Place, { demo }: { demo: boolean }): string {
  return demo
    ? `Sign in with Listo is ready at ${issuer}. See it work: ${issuer}/demo`
    : `Listening as ${issuer}`;
}
