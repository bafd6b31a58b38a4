/**
 * A module that the benchmark loads into a program before its own (`node --import`): RSA signatures cost nothing there,
 * and are right. So the rest of a request's CPU can be measured by itself. It is a file of the benchmark alone: no
 * setting of the server leads to it.
 */
import crypto, { type KeyObject } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

type Callback = (error: Error | null, signature?: Buffer) => void;

const SIGNATURE = Buffer.alloc(256, 1);
const { sign, verify } = crypto;

function isRsa(key: unknown): boolean {
  return (key as KeyObject).asymmetricKeyType === 'rsa';
}

crypto.sign = ((algorithm: string, data: Buffer, key: KeyObject, callback?: Callback) => {
  if (!isRsa(key)) return callback ? sign(algorithm, data, key, callback) : sign(algorithm, data, key);
  if (!callback) return SIGNATURE;
  setImmediate(callback, null, SIGNATURE);
  return undefined;
}) as typeof crypto.sign;

crypto.verify = ((algorithm: string, data: Buffer, key: KeyObject, signature: Buffer) =>
  isRsa(key) ? SIGNATURE.equals(signature) : verify(algorithm, data, key, signature)) as typeof crypto.verify;

syncBuiltinESMExports();
