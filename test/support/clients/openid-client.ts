import * as client from 'openid-client';

/** An authorization request of `openid-client` with everything that ties an answer to it, and the checks of that answer. */
export async function tiedRequest(parameters: { redirect_uri: string; scope: string }): Promise<{
  parameters: Record<string, string>;
  checks: client.AuthorizationCodeGrantChecks;
}> {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const [expectedNonce, expectedState] = [client.randomNonce(), client.randomState()];
  return {
    parameters: {
      ...parameters,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      nonce: expectedNonce,
      state: expectedState,
    },
    checks: { pkceCodeVerifier, expectedNonce, expectedState, idTokenExpected: true },
  };
}
