/**
 * The server for the OpenID Foundation's conformance suite, and the suite's configuration (docs/conformance.md).
 *
 *   npm run conformance:server -- [--issuer https://localhost:9443] [--suite https://localhost.emobix.co.uk:8443]
 *     [--alias listo] [--host 127.0.0.1] [--folder FOLDER]
 *     [--suite-certificate FILE]
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startConformanceServer } from './start.ts';

const { values } = parseArgs({
  options: {
    issuer: { type: 'string', default: 'https://localhost:9443' },
    suite: { type: 'string', default: 'https://localhost.emobix.co.uk:8443' },
    alias: { type: 'string', default: 'listo' },
    host: { type: 'string', default: '127.0.0.1' },
    folder: { type: 'string' },
    'suite-certificate': { type: 'string' },
  },
});
const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'listo-conformance-'));
const server = await startConformanceServer({
  addresses: { issuer: values.issuer, suite: values.suite, alias: values.alias },
  host: values.host,
  folder,
  suiteCertificate: values['suite-certificate'],
  // scripts/with-postgres.mjs names it.
  databaseUrl: process.env.TEST_DATABASE_URL ?? '',
});
process.stdout.write(
  `${values.issuer} serves the suite at ${values.suite}. Its configuration is in ${folder}; that of the server in server.env there.\n`,
);
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => void server.close().then(() => process.exit()));
