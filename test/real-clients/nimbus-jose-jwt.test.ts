import { ADA, exchange, obtainCode, obtainTokens, postJson } from '../support/clients/relying-party.ts';
import { blocksAt, DEMO_ISSUER, fillIn } from '../support/documents/blocks.ts';
import { type ClientCommand, runClient } from '../support/real-clients/client-program.ts';
import { compileJava, installJavaPackages, javaProgram } from '../support/real-clients/java.ts';
import { openPerson } from '../support/real-clients/person.ts';
import { describeWith } from '../support/real-clients/toolchain.ts';
import { aClient } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

/** The releases of Spring Boot that bring nimbus-jose-jwt 9 and 10. */
describeWith('java', 'maven').each(['3.5.7', '4.0.7'])('nimbus-jose-jwt, as in Spring Boot %s', (boot) => {
  const [{ text }] = blocksAt('docs/client-libraries.md#nimbus-jose-jwt', 'java');
  let server: TestServer;
  let packages: string;
  beforeAll(async () => {
    [server, packages] = await Promise.all([startTestServer(), installJavaPackages(boot)]);
  });
  afterAll(() => server.close());

  const listnrToken = async (idToken: string) => {
    const address = `${server.url}/v1/listnr-token-provider/issue-token`;
    const { body } = await postJson(
      address,
      { client_id: 'demo-app' },
      { authorization: `Bearer ${idToken}` },
    );
    return String(body.access_token);
  };
  const result = (command: ClientCommand) =>
    runClient(command, openPerson({ url: server.url, plainUrl: server.url }));

  it('verifies LiSTNR tokens and access tokens, and takes neither for the other, nor a token of another client', async () => {
    const { access_token, id_token } = await obtainTokens(server.url);
    const run = await compileJava(packages, {
      ...javaProgram('VerifyTokens'),
      Listo: fillIn(text, { [DEMO_ISSUER]: server.url }),
    });
    const other = await aClient(server);
    const { body } = await exchange(
      server.url,
      await obtainCode(server.url, { client_id: other.client_id }),
      {
        ...other,
      },
    );
    const tokens = [await listnrToken(id_token), access_token, String(body.access_token)];
    expect(await result(run('VerifyTokens', ...tokens))).toEqual({
      listnr: ADA.id,
      access: ADA.id,
      exchanged: ['JOSE header typ (type) at+jwt not allowed', 'JOSE header typ (type) JWT not allowed'],
      other: `JWT client_id claim has value ${other.client_id}, must be client_demo_web`,
    });
  });

  it('verifies LiSTNR tokens with the sample of the guide and the two imports that it lacks', async () => {
    const guide = fillIn(GUIDE, {
      '<jwks-url-for-your-environment>': `${server.url}/v1/listnr-token-provider/jwks`,
      '<issuer-url-for-your-environment>': server.url,
      '<your-audience>': 'demo-app',
    });
    const failure = await compileJava(packages, { Guide: guide }).catch(({ message }) => String(message));
    const missing = String(failure).matchAll(/symbol: +\w+ (\w+)/g);
    expect(new Set([...missing].map(([, name]) => name))).toEqual(new Set(['JWSAlgorithm', 'JWTClaimsSet']));

    const imports = 'import com.nimbusds.jose.JWSAlgorithm; import com.nimbusds.jwt.JWTClaimsSet;';
    const run = await compileJava(packages, { Guide: `${imports}${guide}` });
    const { id_token } = await obtainTokens(server.url);
    expect(await result(run('Guide', await listnrToken(id_token)))).toEqual({ sub: ADA.id });
  });
});

/** The sample, in a program. */
const GUIDE = `
import com.nimbusds.jose.jwk.source.*;
import com.nimbusds.jose.proc.*;
import com.nimbusds.jwt.proc.*;
import java.net.URL;

class Guide {
    public static void main(String... arguments) throws Exception {
        String token = arguments[0];

        JWKSource<SecurityContext> keySource = JWKSourceBuilder
            .create(new URL("<jwks-url-for-your-environment>"))
            .retrying(true)
            .build();

        ConfigurableJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
        processor.setJWSKeySelector(new JWSVerificationKeySelector<>(JWSAlgorithm.RS256, keySource));

        JWTClaimsSet claims = processor.process(token, null);

        // Verify claims
        assert claims.getIssuer().equals("<issuer-url-for-your-environment>");
        assert claims.getAudience().contains("<your-audience>");

        System.out.println("{\\"result\\": {\\"sub\\": \\"" + claims.getSubject() + "\\"}}");
    }
}
`;
