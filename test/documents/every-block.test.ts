import { existsSync, readFileSync } from 'node:fs';
import { type Block, blocksOf } from '../support/documents/blocks.ts';
import { DOCUMENTS } from '../support/documents/document-lines.ts';

/**
 * The test that runs the blocks of a document or heading, perhaps those of one language, and that names the document;
 * or why none can.
 */
const RUN_BY: Readonly<Record<string, string | { because: string }>> = {
  'ARCHITECTURE.md': { because: 'these are drawings; test/architecture.test.ts reads the first' },
  'README.md#listo-identity': 'test/smoke/fresh-clone.sh',
  'README.md#what-a-listnr-token-is-for': 'test/real-clients/curl.test.ts',
  'bench/README.md': { because: 'a benchmark takes minutes, and measures only on an idle machine' },
  'docs/client-libraries.md#angular-oauth2-oidc': 'test/real-clients/single-page-applications.test.ts',
  'docs/client-libraries.md#express-openid-connect': 'test/real-clients/express-openid-connect.test.ts',
  'docs/client-libraries.md#go-oidc': 'test/real-clients/go-oidc.test.ts',
  'docs/client-libraries.md#oauth2-proxy': 'test/real-clients/oauth2-proxy.test.ts',
  'docs/client-libraries.md#authlib': 'test/real-clients/authlib.test.ts',
  'docs/client-libraries.md#mozilla-django-oidc': 'test/real-clients/mozilla-django-oidc.test.ts',
  'docs/client-libraries.md#msal': 'test/real-clients/single-page-applications.test.ts',
  'docs/client-libraries.md#oidc-client-ts': 'test/real-clients/single-page-applications.test.ts',
  'docs/client-libraries.md#openid-client': 'test/real-clients/openid-client.test.ts',
  'docs/client-libraries.md#requests-oauthlib': 'test/real-clients/requests-oauthlib.test.ts',
  'docs/client-libraries.md#what-to-know-first': 'test/documents/strict-mode.test.ts',
  'docs/client-libraries.md#mod_auth_openidc': 'test/real-clients/mod-auth-openidc.test.ts',
  'docs/client-libraries.md#nimbus-jose-jwt': 'test/real-clients/nimbus-jose-jwt.test.ts',
  'docs/client-libraries.md#spring': 'test/real-clients/spring.test.ts',
  'docs/client-libraries.md#spring-as-an-api': 'test/real-clients/spring.test.ts',
  'docs/conformance.md': {
    because: 'the suite is no part of the repository; test/browser/conformance.test.ts starts its server',
  },
  'docs/integrating.md': 'test/real-clients/curl.test.ts',
  'docs/operating.md#starting-it': 'test/postgres/documented-commands.test.ts',
  'docs/operating.md#when-something-is-wrong': {
    because: 'a certificate and a proxy are wrong in it; test/commands/doctor has each finding',
  },
  'docs/operating.md#certificates-of-clients haproxy': 'test/real-clients/haproxy-certificates.test.ts',
  'docs/operating.md#certificates-of-clients nginx': {
    because: 'no test has nginx; test/clients/certificates.test.ts reads the header that it makes',
  },
  'docs/operating.md#certificates-of-clients yaml': {
    because: 'no test has Envoy; test/clients/certificates.test.ts reads the header that it makes',
  },
  'docs/operating.md#on-kubernetes': 'test/postgres/documented-commands.test.ts',
  'docs/operating.md#its-connections-to-postgres': 'test/platform/postgres/address.test.ts',
  'docs/operating.md#backup-and-restore': 'test/postgres/restore.test.ts',
  'docs/operating.md#what-the-database-holds': 'test/documents/console.test.ts',
  'docs/operating.md#what-is-registered': 'test/documents/console.test.ts',
  'docs/operating.md#client-secrets': 'test/documents/console.test.ts',
  'docs/operating.md#why-a-request-was-refused': 'test/documents/console.test.ts',
  'docs/operating.md#deliveries': 'test/documents/console.test.ts',
  'docs/operating.md#the-audit-trail console': 'test/documents/console.test.ts',
  'docs/operating.md#the-audit-trail sql': 'test/postgres/audit-trail.test.ts',
  'docs/registering-clients.md console': 'test/documents/console.test.ts',
  'docs/registering-clients.md sh': 'test/postgres/documented-commands.test.ts',
  'docs/registering-clients.md sql': 'test/registration/documentation.test.ts',
};

const blocks = DOCUMENTS.flatMap(blocksOf);

describe('the blocks of the documents', () => {
  it('are each run by a test, or have a reason why not', () => {
    const unclaimed = blocks.filter((block) => !namesOf(block).some((name) => name in RUN_BY));
    expect(unclaimed.map(({ place, language, line }) => ({ place, language, line }))).toEqual([]);
  });

  it('exist where a test claims them', () => {
    const names = new Set(blocks.flatMap(namesOf));
    expect(Object.keys(RUN_BY).filter((name) => !names.has(name))).toEqual([]);
  });

  it('are claimed by tests that name their document', () => {
    const wrong = Object.entries(RUN_BY).filter(([name, test]) => {
      if (typeof test !== 'string') return false;
      const file = new URL(`../../${test}`, import.meta.url);
      return !existsSync(file) || !readFileSync(file, 'utf8').includes(documentOf(name));
    });
    expect(wrong).toEqual([]);
  });
});

function namesOf({ place, language }: Block): string[] {
  const document = documentOf(place);
  return [document, `${document} ${language}`, place, `${place} ${language}`];
}

function documentOf(name: string): string {
  return /^[^# ]+/.exec(name)?.[0] ?? name;
}
