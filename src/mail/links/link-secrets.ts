import { createHmac, hkdfSync, randomBytes, randomInt } from 'node:crypto';
import { hashId } from '../../platform/secrets/digest.ts';

/** Consonants alone, so that no code is a word, and none has letters that look like digits. */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';
const CODE_LENGTH = 8;

/** A link's secret, and the code that can be typed instead. */
export interface LinkSecret {
  token: string;
  idHash: Buffer;
  /** As people see it: BCDF-GHJK. */
  code: string;
}

export function newLinkSecret(): LinkSecret {
  const token = randomBytes(32).toString('base64url');
  const letters = Array.from({ length: CODE_LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  return { token, idHash: hashId(token), code: `${letters.slice(0, 4)}-${letters.slice(4)}` };
}

/** Keyed hashes, for what is too short or too well known for a plain one. */
export interface LinkMacs {
  /** The name under which links about an account or a person are kept. */
  about(kind: string, ...of: string[]): Buffer;
  /** The code of a link about something, however it was typed. */
  code(code: string, about: Buffer): Buffer;
}

export function createLinkMacs([first = Buffer.alloc(0)]: readonly Buffer[]): LinkMacs {
  const key = Buffer.from(hkdfSync('sha256', first, '', 'one-time links', 32));
  const mac = (...parts: (string | Buffer)[]) => {
    const hmac = createHmac('sha256', key);
    for (const part of parts) hmac.update(`${Buffer.byteLength(part)}:`).update(part);
    return hmac.digest();
  };
  return {
    about: (kind, ...of) => mac('about', kind, ...of),
    code: (code, about) => mac('code', code.toUpperCase().replaceAll(/[^A-Z]/g, ''), about),
  };
}
