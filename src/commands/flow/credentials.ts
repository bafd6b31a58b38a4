import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ClientAuth, CryptoKey, PrivateKey } from 'openid-client';
import * as oidc from 'openid-client';
import { OperatorError } from '../../platform/errors.ts';
import type { Answers } from './lines.ts';
import type { FlowOptions } from './options.ts';
import type { FlowClient } from './registration.ts';

/** How the client authenticates, and the key with which it signs. */
export interface Credentials {
  authentication: ClientAuth;
  key: PrivateKey | undefined;
  /** For requests that the library does not make. */
  secret: string | undefined;
}

/** @throws OperatorError when something is missing that the client needs. */
export async function credentialsOf(
  client: FlowClient,
  options: FlowOptions,
  answers: Answers,
  issuer: string,
): Promise<Credentials> {
  const method = options.auth ?? usualMethod(client, options);
  if (method === 'none') return { authentication: oidc.None(), key: undefined, secret: undefined };
  if (method === 'key') {
    const key = await privateKeyOf(options.keyFile);
    // The issuer alone is an audience that every profile takes.
    const modify = {
      [oidc.modifyAssertion]: (_header: object, payload: Record<string, unknown>) => {
        payload.aud = issuer;
      },
    };
    return { authentication: oidc.PrivateKeyJwt(key, modify as never), key, secret: undefined };
  }
  const secret = await secretOf(options, answers);
  const authentication = method === 'post' ? oidc.ClientSecretPost(secret) : oidc.ClientSecretBasic(secret);
  const key = client.signsRequests ? await privateKeyOf(options.keyFile) : undefined;
  return { authentication, key, secret };
}

/** @throws OperatorError for a client that connects with a certificate. */
function usualMethod(client: FlowClient, { keyFile }: FlowOptions): NonNullable<FlowOptions['auth']> {
  if (client.byCertificate || client.needsCertificate)
    throw new OperatorError(
      'This client connects with a certificate, with which this command does not connect. curl does: --cert and --key.',
    );
  if (client.isPublic) return 'none';
  return client.hasKeys || keyFile !== undefined ? 'key' : 'basic';
}

/** One line of a file, or of standard input. */
export async function secretOf(
  { secretFile }: Pick<FlowOptions, 'secretFile'>,
  answers: Answers,
): Promise<string> {
  if (secretFile === undefined) return answers.secret('Secret of the client');
  const secret = read(secretFile).trim();
  if (secret === '' || /[\r\n]/.test(secret))
    throw new OperatorError('The file of --secret-file has not one line.');
  return secret;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new OperatorError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}.`);
  }
}

async function privateKeyOf(file: string | undefined): Promise<PrivateKey> {
  if (file === undefined)
    throw new OperatorError(
      'This client signs with a key. Say where its private key is: --key-file FILE, PEM or JWK.',
    );
  const text = read(file);
  try {
    const jwk = text.trimStart().startsWith('{') ? JSON.parse(text) : undefined;
    const key = jwk ? createPrivateKey({ key: jwk, format: 'jwk' }) : createPrivateKey(text);
    return { key: await toCryptoKey(key, jwk?.alg), ...(jwk?.kid ? { kid: jwk.kid } : {}) };
  } catch (cause) {
    throw new OperatorError('The file of --key-file has no private key as PEM or JWK.', { cause });
  }
}

function toCryptoKey(key: KeyObject, alg: string | undefined): CryptoKey {
  const algorithm = ALGORITHMS[alg === 'PS256' ? alg : (key.asymmetricKeyType ?? '')];
  if (!algorithm) throw new Error('The type of the key is not supported.');
  return key.toCryptoKey(algorithm as never, false, ['sign']) as CryptoKey;
}

/** The algorithm of a key's type, or the one of the same type that the key names. */
const ALGORITHMS: Readonly<Record<string, object>> = {
  rsa: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256' },
  ec: { name: 'ECDSA', namedCurve: 'P-256' },
  ed25519: { name: 'Ed25519' },
};
