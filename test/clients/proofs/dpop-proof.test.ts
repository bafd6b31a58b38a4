import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { Provider } from 'oidc-provider';
import { PROOF_ALGORITHMS, verifyDpopProof } from '../../../src/clients/proofs/dpop-proof.ts';

const ISSUER = 'http://localhost:5901';
const URL_OF_TOKENS = `${ISSUER}/token`;
/** Refuses a text, or returns the key and id of the proof. */
type LibraryCheck = (text: string) => Promise<{ thumbprint: string; jti: string }>;

const NOW = Math.floor(Date.now() / 1000);

/** The example of RFC 9449 section 4.1. */
const RFC_EXAMPLE =
  'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg';

/** Claims that replace the usual ones; undefined removes one. */
const CLAIMS: Record<string, unknown>[] = [
  {},
  ...[0, 'x', -5, NOW - 310, NOW - 290, NOW + 290, NOW + 320, NOW + 0.5, undefined].map((iat) => ({ iat })),
  ...['', 1, undefined].map((jti) => ({ jti })),
  ...['post', 'GET', undefined].map((htm) => ({ htm })),
  ...[undefined, 1, 'x', '?a=b', '#f', '/'].map((htu) => ({
    htu: typeof htu === 'string' && htu !== 'x' ? `${URL_OF_TOKENS}${htu}` : htu,
  })),
  { htu: URL_OF_TOKENS.toUpperCase() },
  { htu: 'HTTP://LOCALHOST:5901/token' },
  { htu: `${ISSUER}/a/../token` },
  { htu: `${ISSUER}/%74oken` },
  { htu: 'http://u@localhost:5901/token' },
  ...['', 'x', 1, null].map((nonce) => ({ nonce })),
  ...[NOW - 100, NOW + 100, 'x'].map((exp) => ({ exp })),
  ...[NOW + 100, NOW - 1].map((nbf) => ({ nbf })),
  { ath: 'x' },
];

describe('a DPoP proof', () => {
  let checkByLibrary: LibraryCheck;
  beforeAll(async () => {
    checkByLibrary = await libraryCheck();
  });

  /** Both results for a text: the key and id, or the reason for a refusal. */
  const compare = async (text: string) => {
    const [library, ours] = await Promise.all([
      outcome(checkByLibrary(text).then(({ thumbprint, jti }) => ({ jkt: thumbprint, jti }))),
      outcome(
        verifyDpopProof(text, { method: 'POST', url: URL_OF_TOKENS, now: new Date() }).then(
          ({ jkt, jti }) => ({ jkt, jti }),
        ),
      ),
    ]);
    return { library, ours };
  };

  it.each([...PROOF_ALGORITHMS, 'ES384', 'RS512', 'HS256'])(
    'of %s is judged as the protocol library judges it',
    async (alg) => {
      const proofs = await proofsOf(alg);
      expect(proofs.length).toBeGreaterThan(150);
      for (const proof of proofs) {
        const { library, ours } = await compare(proof);
        expect({ proof, outcome: ours }).toEqual({ proof, outcome: library });
      }
    },
  );

  it('that is none is refused in the words of the protocol library', async () => {
    for (const text of ['x', 'a.b.c', '.', '..', 'a, b', ' ']) {
      const { library, ours } = await compare(text);
      expect({ text, outcome: ours }).toEqual({ text, outcome: library });
    }
  });

  it('of RFC 9449 is good at its own time and place', async () => {
    const target = { method: 'POST', url: 'https://server.example.com/token', now: new Date(1562262616e3) };
    expect(await verifyDpopProof(RFC_EXAMPLE, target)).toEqual({
      alg: 'ES256',
      iat: 1562262616,
      jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I',
      jti: '-BwC3ESc6acc2lTc',
      expiresAt: new Date(1562263216e3),
    });
  });
});

async function outcome(check: Promise<object>): Promise<unknown> {
  return check.catch((error) => error.error_description ?? error.message);
}

/** The library's own check. It is not public, so no code of ours uses it, and this test fails if it moves. */
async function libraryCheck(): Promise<LibraryCheck> {
  const { validateDpop } = await import('oidc-provider/lib/helpers/grants.js' as string);
  const { privateJwk } = await aKey('RS256');
  const provider = new Provider(ISSUER, {
    adapter: () => ({}) as never,
    jwks: { keys: [privateJwk] },
    features: { dPoP: { enabled: true }, devInteractions: { enabled: false } },
    enabledJWA: { dPoPSigningAlgValues: [...PROOF_ALGORITHMS] },
  });
  return (text) =>
    validateDpop(provider, {
      method: 'POST',
      get: () => text,
      set() {},
      oidc: { provider, route: 'token', urlFor: () => URL_OF_TOKENS },
    });
}

/** Proofs with every possible mistake in claims, header and signature, one at a time. */
async function proofsOf(alg: string): Promise<string[]> {
  const { key, publicJwk, privateJwk } = await aKey(alg);
  const headers: Record<string, unknown>[] = [
    ...['jwt', 'DPoP+JWT', 'application/dpop+jwt', undefined].map((typ) => ({ typ })),
    ...[undefined, privateJwk, 'x'].map((jwk) => ({ jwk })),
    { jwk: { ...publicJwk, alg } },
    { jwk: { ...publicJwk, use: 'enc' } },
    { jwk: { ...publicJwk, key_ops: ['sign'] } },
    { crit: ['x'], x: 1 },
    { kid: 'k' },
  ];
  const signed = async (claims: object, header: object) =>
    new SignJWT({ htm: 'POST', htu: URL_OF_TOKENS, jti: 'j', iat: NOW, ...claims })
      .setProtectedHeader({ alg, typ: 'dpop+jwt', jwk: publicJwk, ...header })
      .sign(key, { crit: { x: true } } as never);
  const texts = await Promise.all([
    ...CLAIMS.map((claims) => signed(claims, {})),
    ...headers.map((header) => signed({}, header)),
  ]);
  return texts.flatMap((text) => [
    text,
    `${text}x`,
    text.slice(0, -3),
    `${text.split('.').slice(0, 2).join('.')}.`,
  ]);
}

async function aKey(alg: string) {
  if (alg === 'HS256') {
    const key = new Uint8Array(32).fill(7);
    const jwk: JWK = { kty: 'oct', k: Buffer.from(key).toString('base64url') };
    return { key, publicJwk: jwk, privateJwk: jwk };
  }
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return { key: privateKey, publicJwk: await exportJWK(publicKey), privateJwk: await exportJWK(privateKey) };
}
