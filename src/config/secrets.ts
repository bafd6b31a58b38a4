import { randomBytes, randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivate, prepareDataDirectory } from '../platform/data-directory.ts';
import { type Variables, words } from './variables.ts';

/** The keys that sign and seal. The first of each list is used and all are accepted, so that each can be replaced. */
export interface Secrets {
  /** Sign the cookies; 32 characters or more each. */
  cookieKeys: readonly string[];
  /** 32 bytes each; the first seals, all open. */
  keyEncryptionKeys: readonly Buffer[];
  /** False when KEY_ENCRYPTION_KEY was made for development, so that no other server has it. */
  keyEncryptionKeyGiven: boolean;
  /** Sign refresh tokens; 32 characters or more each. */
  refreshTokenKeys: readonly string[];
}

const MAKE_ONE = 'openssl rand -base64 32';
const KEY_LENGTH = 32;

type Place = {
  production: boolean;
  dataDir: string;
  /** False: missing secrets of development are not made, and left out. */
  makeSecrets?: boolean;
};

/**
 * Reads the secrets and notes errors in `variables.mistakes`. In production all must be given. Elsewhere, missing
 * ones are made once and kept in `dataDir`, so that a restart loses nothing.
 */
export function readSecrets(variables: Variables, place: Place): Secrets {
  const longKeys = (name: string): string[] => {
    const list = readKeys(name, variables, place);
    if (list.some((key) => key.length < KEY_LENGTH))
      variables.mistakes.push(
        `${name} has a key of fewer than ${KEY_LENGTH} characters; make one with: ${MAKE_ONE}`,
      );
    return list;
  };

  return {
    cookieKeys: longKeys('COOKIE_KEYS'),
    ...readEncryptionKeys(variables, place),
    refreshTokenKeys: longKeys('REFRESH_TOKEN_KEYS'),
  };
}

/** The part that opens the signing keys. */
export function readEncryptionKeys(
  variables: Variables,
  place: Place,
): Pick<Secrets, 'keyEncryptionKeys' | 'keyEncryptionKeyGiven'> {
  return {
    keyEncryptionKeys: encryptionKeys(readKeys('KEY_ENCRYPTION_KEY', variables, place), variables),
    keyEncryptionKeyGiven: variables.isGiven('KEY_ENCRYPTION_KEY'),
  };
}

function readKeys(
  name: string,
  variables: Variables,
  { production, dataDir, makeSecrets = true }: Place,
): string[] {
  const given = variables.secret(name);
  if (given === '') return [];
  if (given !== undefined) {
    const list = words(given);
    if (list.length === 0) variables.mistakes.push(`${name} holds no key; make one with: ${MAKE_ONE}`);
    return list;
  }
  if (!production && !makeSecrets) return keptSecret(dataDir, name);
  if (!production) return developmentSecret(variables, { dataDir, name });
  variables.mistakes.push(`${name} is required in production; make one with: ${MAKE_ONE}`);
  return [];
}

function encryptionKeys(texts: string[], variables: Variables): Buffer[] {
  // Buffer.from skips characters that are not base64, so the form is checked first.
  if (texts.some((text) => !/^[A-Za-z0-9+/_-]{43}=?$/.test(text)))
    variables.mistakes.push(
      `KEY_ENCRYPTION_KEY takes ${KEY_LENGTH} bytes in base64, several separated by commas; make one with: ${MAKE_ONE}`,
    );
  return texts.map((text) => Buffer.from(text, 'base64'));
}

const DIRECTORY = 'development-secrets';

/** The secret of development, if it was made. */
function keptSecret(dataDir: string, name: string): string[] {
  try {
    return [readFileSync(join(dataDir, DIRECTORY, name), 'utf8').trim()];
  } catch {
    return [];
  }
}

function developmentSecret(
  { mistakes }: Variables,
  { dataDir, name }: { dataDir: string; name: string },
): string[] {
  const directory = join(dataDir, DIRECTORY);
  try {
    prepareDataDirectory(dataDir);
    makePrivate(directory);
    return [keptOnce(directory, name)];
  } catch (error) {
    const sentence = `DATA_DIR is ${dataDir}, where the development secrets cannot be kept (${(error as NodeJS.ErrnoException).code}).`;
    if (!mistakes.includes(sentence)) mistakes.push(sentence);
    return [];
  }
}

/**
 * Reads the secret from its own file, or makes it. The file appears whole or not at all and is never replaced, so
 * processes that start at the same moment agree.
 */
function keptOnce(directory: string, name: string): string {
  const file = join(directory, name);
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomUUID()}`;
  try {
    writeFileSync(draft, `${randomBytes(KEY_LENGTH).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readFileSync(file, 'utf8').trim();
}
