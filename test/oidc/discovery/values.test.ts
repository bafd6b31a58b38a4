import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aCertificate } from '../../support/clients/certificates.ts';
import { getJson } from '../../support/clients/relying-party.ts';
import { isThere, proofsIn } from '../../support/documents/proofs.ts';
import { rowsOf } from '../../support/documents/rows.ts';
import { aClient } from '../../support/registrations/factories.ts';
import { runJob } from '../../support/servers/run-job.ts';
import { startTestServer } from '../../support/servers/test-server.ts';

const PAGE = 'docs/standards.md';

interface Announced {
  member: string;
  value: string;
}

/** The table of docs/standards.md: each value of each member, with the tests that prove it. */
const documented = rowsOf(PAGE, '| member |').flatMap(([member = '', values = '', proof = '']) =>
  [...values.matchAll(/`([^`]+)`/g)].map(([, value = '']) => ({
    member: member.replaceAll('`', ''),
    value,
    proofs: proofsIn(PAGE, proof),
  })),
);

/** A list has its values; anything else is `true` or an address. A member that is `false` announces nothing. */
function valuesOf(document: Record<string, unknown>): Announced[] {
  return Object.entries(document).flatMap(([member, value]) => {
    if (Array.isArray(value)) return value.map((item) => ({ member, value: String(item) }));
    if (typeof value === 'object' && value !== null)
      return Object.keys(value).map((name) => ({ member, value: name }));
    if (value === false) return [];
    return { member, value: typeof value === 'string' ? 'address' : String(value) };
  });
}

/** A proxy hands certificates on, from a host of its own, and an issuer is known. */
const CERTIFICATES = {
  TRUSTED_PROXIES: '127.0.0.1',
  CLIENT_CERTIFICATE_HEADER: 'rfc9440',
  CLIENT_CERTIFICATE_ORIGIN: 'http://localhost:1',
  CLIENT_CERTIFICATE_CA: authorityFile(),
};

function authorityFile(): string {
  const file = join(mkdtempSync(join(process.env.TEST_FOLDER ?? '', 'authority-')), 'ca.pem');
  writeFileSync(file, aCertificate({ ca: true }).pem);
  return file;
}

/** Discovery of a server on which everything is on that a registration or a setting can turn on. */
async function everythingAnnounced(): Promise<Announced[]> {
  const server = await startTestServer({ env: CERTIFICATES });
  try {
    for (const alg of ['ES256', 'EdDSA', 'PS256'] as const)
      await aClient(server, { id_token_signed_response_alg: alg });
    await runJob(server, 'watch-versions');
    await runJob(server, 'watch-versions');
    const { body } = await getJson(`${server.url}/.well-known/openid-configuration`);
    return valuesOf(body);
  } finally {
    await server.close();
  }
}

describe('discovery', () => {
  const asText = ({ member, value }: Announced) => `${member}: ${value}`;

  it('announces exactly the values that docs/standards.md has a test for', async () => {
    expect(documented.map(asText).toSorted()).toEqual((await everythingAnnounced()).map(asText).toSorted());
  });

  it('announces nothing whose test is not there', () => {
    expect(documented.filter(({ proofs }) => proofs.length === 0)).toEqual([]);
    const proofs = documented.flatMap((row) => row.proofs);
    expect(proofs.filter((proof) => !isThere(proof))).toEqual([]);
  });
});
