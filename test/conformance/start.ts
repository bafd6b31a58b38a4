import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../scripts/free-port.ts';
import { parseConfig } from '../../src/config.ts';
import type { Database } from '../../src/platform/database.ts';
import type { Logger } from '../../src/platform/log/logger.ts';
import { applySeed } from '../../src/platform/seeds/seed.ts';
import { startServer } from '../../src/server.ts';
import { aCertificate, type TestCertificate } from '../support/clients/certificates.ts';
import { runJob } from '../support/servers/run-job.ts';
import type { Addresses } from './addresses.ts';
import { writeConfiguration } from './configuration.ts';
import { newRegistration, type Registration, SEED, seedSettings } from './registration.ts';
import { createResource } from './resource.ts';
import { trustSuiteCertificate } from './suite-certificate.ts';
import { type Own, startTlsFront } from './tls-front.ts';

export interface ConformanceServer {
  registration: Registration;
  /** The front's certificate, which nobody has signed but itself. */
  certificate: TestCertificate;
  close(): Promise<void>;
}

/** The networks in which the suite may be: it is asked at its back-channel address. */
const NEAR = '127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7';

/** Starts a server in production mode behind TLS, registers everybody, and writes the suite's configuration. */
export async function startConformanceServer({
  addresses,
  host,
  folder,
  suiteCertificate,
  databaseUrl,
  database,
  logger,
}: {
  addresses: Addresses;
  /** Where the front listens. */
  host: string;
  /** For the configuration, and the settings of the server. */
  folder: string;
  /** A file with the suite's certificate, or its authority's, where no public authority signed it. */
  suiteCertificate?: string | undefined;
  databaseUrl: string;
  /** A database that is already open. */
  database?: Database;
  logger?: Logger;
}): Promise<ConformanceServer> {
  const { issuer } = addresses;
  if (suiteCertificate !== undefined) trustSuiteCertificate(suiteCertificate);
  const settings = await settingsOf({ issuer, databaseUrl });
  const server = await startServer(parseConfig(settings), {
    ...(database ? { database } : {}),
    ...(logger ? { logger } : {}),
  });
  const behind = `http://127.0.0.1:${server.port}`;
  const registration = newRegistration();
  await applySeed(server.services.database.knex, {
    name: 'test/conformance/seed.sql',
    sql: SEED,
    settings: await seedSettings(registration, addresses),
  });
  // The first run sees the clients and makes the keys that they ask for; the next one loads those.
  for (let run = 0; run < 2; run += 1) await runJob(server, 'watch-versions');
  writeConfiguration(folder, registration, addresses);
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  writeFileSync(join(folder, 'server.env'), `${lines.join('\n')}\n`, { mode: 0o600 });

  const { hostname, port } = new URL(issuer);
  const certificate = aCertificate({ rsa: true, names: [{ kind: 'dns', value: hostname }] });
  const front = await startTlsFront({
    host,
    port: Number(port || 443),
    target: behind,
    certificate,
    own: resourceOf({ issuer, server: behind, secret: registration.apiSecret }),
  });
  return {
    registration,
    certificate,
    async close() {
      front.closeAllConnections();
      front.close();
      await server.close();
    },
  };
}

/** The settings that production asks for. Nothing is limited, since one machine sends every request. */
async function settingsOf({
  issuer,
  databaseUrl,
}: {
  issuer: string;
  databaseUrl: string;
}): Promise<Record<string, string>> {
  const secret = () => randomBytes(32).toString('base64');
  return {
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    PORT: String(await freePort()),
    ISSUER: issuer,
    DATABASE_URL: databaseUrl,
    COOKIE_KEYS: secret(),
    KEY_ENCRYPTION_KEY: secret(),
    REFRESH_TOKEN_KEYS: secret(),
    TRUSTED_PROXIES: '127.0.0.1',
    CLIENT_CERTIFICATE_HEADER: 'rfc9440',
    OUTBOUND_NETWORKS: NEAR,
    REQUESTS_PER_MINUTE: '0',
    FAILURES_PER_MINUTE: '0',
    DRAIN_SECONDS: '0',
    LOG_LEVEL: 'warn',
  };
}

function resourceOf(options: Parameters<typeof createResource>[0]): Own {
  const answer = createResource(options);
  return (req, res, certificate) => {
    if (req.url?.split('?')[0] !== '/resource') return false;
    void answer(req, certificate).then(({ status, body }) => {
      res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    return true;
  };
}
