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

/** Discovery of a server on which everything is on that a registration or a setting can turn on. */
async function everythingAnnounced(): Promise<Announced[]> {
  const server = await startTestServer();
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
