import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../scripts/free-port.ts';
import {
  ADA,
  DEMO_WEB,
  exchange,
  obtainCode,
  obtainTokens,
  postForm,
} from '../support/clients/relying-party.ts';
import { blocksAt, DEMO_ISSUER, fillIn } from '../support/documents/blocks.ts';
import { type ClientProgram, startClient } from '../support/real-clients/client-program.ts';
import { compileJava, installJavaPackages, javaProgram } from '../support/real-clients/java.ts';
import { openPerson, type Person } from '../support/real-clients/person.ts';
import { describeWith } from '../support/real-clients/toolchain.ts';
import {
  aClient,
  aPerson,
  type TestClient,
  withManyUserRecords,
} from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const SIGN_IN = 'docs/client-libraries.md#spring';
const API = 'docs/client-libraries.md#spring-as-an-api';

describeWith('java', 'maven').each([
  {
    boot: '3.5.7',
    propertiesAlone: { pkce: false, error: 'invalid_request' },
    otherJwts: 'JOSE header typ (type) at+jwt not allowed',
  },
  {
    boot: '4.0.7',
    propertiesAlone: { pkce: true, error: null },
    otherJwts: 'the given typ value needs to be one of [JWT]',
  },
])('Spring Boot $boot', ({ boot, propertiesAlone, otherJwts }) => {
  let server: TestServer;
  let java: ClientProgram;
  let origins: {
    signIn: string;
    /** Signs people in with the block of properties alone. */
    properties: string;
    introspection: string;
    verification: string;
    /** Has the properties for JWTs that are not access tokens. */
    otherJwts: string;
  };

  beforeAll(async () => {
    const packages = await installJavaPackages(boot);
    server = await startTestServer();
    origins = {
      signIn: await anOrigin(),
      properties: await anOrigin(),
      introspection: await anOrigin(),
      verification: await anOrigin(),
      otherJwts: await anOrigin(),
    };
    const client = await aClient(server, {
      redirect_uris: [origins.signIn, origins.properties].map(
        (origin) => `${origin}/login/oauth2/code/listo`,
      ),
      post_logout_redirect_uris: [`${origins.signIn}/`],
      require_pkce: true,
    });
    // Spring refreshes a token in its last minute.
    await server.database
      .knex('clients')
      .where({ id: client.client_id })
      .update({ access_token_ttl_seconds: 60 });
    const api = await aClient(server, { may_introspect: true });

    const run = await compileJava(packages, {
      ...javaProgram('Applications'),
      SignIn: blocksAt(SIGN_IN, 'java')[0].text,
      AccessTokens: fillIn(blocksAt(API, 'java')[0].text, { [DEMO_ISSUER]: server.url }),
    });
    const properties = settings(SIGN_IN, client);
    java = startClient(
      run(
        'Applications',
        application(origins.signIn, 'SignIn,PersonController', properties),
        application(origins.properties, 'PersonController', properties),
        application(origins.introspection, 'CallerController', settings(API, api)),
        application(origins.verification, 'AccessTokens,CallerController'),
        application(
          origins.otherJwts,
          'CallerController',
          `--spring.security.oauth2.resourceserver.jwt.issuer-uri=${server.url}`,
        ),
      ),
    );
    await java.next('result');
  });
  afterAll(async () => {
    await java.stop();
    await server.close();
  });

  /** The argument that names a file with the properties of the document. */
  const settings = (place: string, { client_id, client_secret }: TestClient): string => {
    const file = join(mkdtempSync(join(process.env.TEST_FOLDER ?? '', 'spring-')), 'application.yml');
    const values = {
      [DEMO_ISSUER]: server.url,
      [DEMO_WEB.client_id]: client_id,
      [DEMO_WEB.client_secret]: client_secret,
    };
    writeFileSync(file, fillIn(blocksAt(place, 'yaml')[0].text, values));
    return `--spring.config.location=file:${file}`;
  };
  const aVisitor = () => openPerson({ url: server.url, plainUrl: server.url });

  it('signs a person in with PKCE, refreshes, and signs out here as well', async () => {
    const person = aVisitor();
    const first = JSON.parse((await person.visit(`${origins.signIn}/`)).html);
    expect(first).toEqual({ name: ADA.id, email: ADA.email, accessToken: expect.any(String) });
    // A redirect would be another sign-in.
    const { status, html } = await person.browser.get(`${origins.signIn}/`);
    const second = JSON.parse(html);
    expect({ status, person: second.name }).toEqual({ status: 200, person: ADA.id });
    expect(second.accessToken).not.toBe(first.accessToken);
    await signsOut(person);
  });

  /** The application signs out, and sends the browser here again when it has come back. */
  const signsOut = async ({ browser }: Person) => {
    const asked = await browser.get(`${origins.signIn}/logout`);
    const end = await browser.follow(await browser.submit(asked, '/logout'));
    expect(new URL(end.url).origin).toBe(server.url);
    expect(end.html).toContain('name="password"');
  };

  it('signs in and out a person with 130 user records', async () => {
    const { url } = server;
    const registered = await withManyUserRecords(server, await aPerson(server));
    const person = openPerson({ url, plainUrl: url }, registered);
    const { html } = await person.visit(`${origins.signIn}/`);
    expect(JSON.parse(html)).toMatchObject({ name: registered.id });
    await signsOut(person);
  });

  it('with properties alone, uses PKCE from release 4 on', async () => {
    const person = aVisitor();
    const { location = '' } = await person.browser.get(`${origins.properties}/oauth2/authorization/listo`);
    const answer = new URL(await person.answer(location)).searchParams;
    expect({ pkce: location.includes('code_challenge_method=S256'), error: answer.get('error') }).toEqual(
      propertiesAlone,
    );
  });

  it('takes access tokens in an API that asks here, until they are revoked', async () => {
    const { access_token, refresh_token } = await obtainTokens(server.url);
    expect(await call(origins.introspection, access_token)).toEqual({ name: ADA.id });
    await postForm(`${server.url}/auth/revoke`, { ...DEMO_WEB, token: String(refresh_token) });
    expect(await call(origins.introspection, access_token)).toBe("Provided token isn't active");
  });

  it('takes access tokens of one client in an API that verifies them, and no ID token', async () => {
    const { access_token, id_token } = await obtainTokens(server.url);
    expect(await call(origins.verification, access_token)).toEqual({ name: ADA.id });
    expect(await call(origins.verification, id_token)).toContain(
      'needs to be one of [at+jwt, application/at+jwt]',
    );
    const other = await aClient(server);
    const { body } = await exchange(
      server.url,
      await obtainCode(server.url, { client_id: other.client_id }),
      {
        ...other,
      },
    );
    expect(await call(origins.verification, String(body.access_token))).toContain('client_id is not valid');
  });

  it('takes no access token with the properties for other JWTs', async () => {
    const { access_token } = await obtainTokens(server.url);
    expect(await call(origins.otherJwts, access_token)).toContain(otherJwts);
  });
});

async function anOrigin(): Promise<string> {
  return `http://localhost:${await freePort()}`;
}

/** The arguments of an application of these classes. */
function application(origin: string, classes: string, ...more: readonly string[]): string {
  return [`--server.port=${new URL(origin).port}`, `--spring.main.sources=${classes}`, ...more].join(' ');
}

/** The answer of an API, or why it is 401 (RFC 6750 section 3). */
async function call(origin: string, token: string): Promise<unknown> {
  const response = await fetch(`${origin}/`, { headers: { authorization: `Bearer ${token}` } });
  if (response.status === 200) return response.json();
  const challenge = response.headers.get('www-authenticate') ?? '';
  return response.status === 401 ? /error_description="([^"]*)"/.exec(challenge)?.[1] : response.status;
}
