/** A failure in words: what is wrong, and what mends it. */
export interface Mistake {
  sentence: string;
  remedy: string | undefined;
}

const NO_TLS: Mistake = {
  sentence: 'The server does not speak TLS at this address.',
  remedy: 'Look at the port, and whether the address begins with http:// or https://.',
};

/** Failures of the network and of checks of answers, by the codes that Node and openid-client give them. */
const KNOWN: Readonly<Record<string, Mistake>> = {
  TimeoutError: {
    sentence: 'The person has not decided in time.',
    remedy: 'Begin again, perhaps with a longer --timeout.',
  },
  ECONNREFUSED: {
    sentence: 'Nobody listens at the address of the server.',
    remedy: 'Start the server, or say its address with --issuer.',
  },
  ENOTFOUND: {
    sentence: 'The name of the server is not known here.',
    remedy: 'Look for a misspelt --issuer or ISSUER, and at the DNS of this machine.',
  },
  ECONNRESET: {
    sentence: 'The connection was cut.',
    remedy:
      'Look whether a proxy in front of the server can reach it, and whether TLS and plain http are mixed up.',
  },
  UND_ERR_CONNECT_TIMEOUT: {
    sentence: 'The server cannot be reached: nobody answers at its address.',
    remedy: 'Look at the firewall between this machine and the server.',
  },
  CERT_HAS_EXPIRED: {
    sentence: 'The certificate of the server has expired.',
    remedy: 'Renew it at the proxy that ends TLS.',
  },
  CERT_NOT_YET_VALID: {
    sentence: 'The certificate of the server is not valid yet.',
    remedy: 'Compare the clock of this machine with another one.',
  },
  DEPTH_ZERO_SELF_SIGNED_CERT: {
    sentence: 'The certificate of the server is self-signed.',
    remedy: 'Trust it with NODE_EXTRA_CA_CERTS=FILE, or give the proxy one of a known authority.',
  },
  SELF_SIGNED_CERT_IN_CHAIN: {
    sentence: 'The certificate of the server is of an authority that is not known here.',
    remedy: "Trust it with NODE_EXTRA_CA_CERTS=FILE, which has the authority's certificate.",
  },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: {
    sentence: 'The certificate of the server cannot be verified.',
    remedy: 'Let the proxy send its intermediate certificates as well.',
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    sentence: 'The certificate of the server is for another name.',
    remedy: 'Say the name that it has with --issuer, or give the proxy a certificate for this one.',
  },
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  EPROTO: NO_TLS,
  OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED: {
    sentence: 'The server says that it is another issuer than the address at which it was asked.',
    remedy: 'Ask at the address in ISSUER, or set ISSUER to the address at which clients reach the server.',
  },
  OAUTH_RESPONSE_IS_NOT_JSON: {
    sentence: 'The answer is not JSON, so something else than this server may answer there.',
    remedy: 'Look at the address, and at the proxy in front of the server.',
  },
  OAUTH_RESPONSE_IS_NOT_CONFORM: {
    sentence:
      'The answer is not what the protocol says, so something else than this server may answer there.',
    remedy: 'Look at the address, and at the proxy in front of the server.',
  },
  OAUTH_JWT_TIMESTAMP_CHECK_FAILED: {
    sentence: 'A time in the token is in the future or in the past.',
    remedy: 'Compare the clock of this machine with that of the server.',
  },
  OAUTH_JWT_CLAIM_COMPARISON_FAILED: {
    sentence: 'A claim of the token is not the expected one.',
    remedy: 'Look whether the answer belongs to this sign-in, and to this client.',
  },
  OAUTH_KEY_SELECTION_FAILED: {
    sentence: 'The server publishes no key that signed the token.',
    remedy: 'Look at the keys (npx listo keys list oidc), and whether a cache keeps an old /auth/jwks.',
  },
  OAUTH_INVALID_RESPONSE: {
    sentence: 'The answer is not for this sign-in.',
    remedy: 'Take the address at which this sign-in ended: its state and iss are compared.',
  },
};

/** Explains an error that is no refusal of the server. @throws it when it is a fault of ours. */
export function mistakeOf(error: unknown): Mistake {
  const chain = causesOf(error);
  const detail = [...new Set(chain.map(({ message }) => message.trim()))].filter(Boolean).join(': ');
  for (const { code = '', name = '' } of chain) {
    const known = KNOWN[code] ?? KNOWN[name];
    if (known) return { ...known, sentence: `${known.sentence} (${detail})` };
  }
  // `fetch` throws a TypeError whose cause is of the network; one without a cause is a fault of ours.
  const isOfNetwork = error instanceof TypeError && chain.length > 1;
  if (!isOfNetwork && !chain.some(({ code }) => code !== undefined)) throw error;
  return { sentence: detail, remedy: undefined };
}

const MOST_CAUSES = 5;

interface Cause {
  name?: string;
  message: string;
  code?: string;
  cause?: unknown;
}

/** An error and what caused it. */
function causesOf(error: unknown): Cause[] {
  const chain: Cause[] = [];
  for (let cause = error; isCause(cause) && chain.length < MOST_CAUSES; cause = cause.cause)
    chain.push(cause);
  return chain;
}

function isCause(value: unknown): value is Cause {
  return typeof value === 'object' && value !== null && 'message' in value;
}
