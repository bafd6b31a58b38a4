import { readdirSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { OperatorError } from '../platform/errors.ts';
import { misspelt } from './misspelt.ts';

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'is not a directory',
};

export type Environment = Record<string, string | undefined>;

/**
 * The variables of the file `.env` in the working directory, if it exists. @throws OperatorError when it cannot be
 * read.
 */
export function dotEnv(): Environment {
  try {
    return parseEnv(readFileSync('.env', 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return {};
    throw new OperatorError(`The file .env cannot be read (${code}).`, { cause: error });
  }
}

/**
 * The variables of an environment. Each method reads one of them. It notes a wrong value in `mistakes` and goes on,
 * so that all mistakes are reported together. An empty variable counts as unset.
 */
export class Variables {
  readonly mistakes: string[] = [];
  readonly #environment: Environment;
  /** The names that were asked for: all that there are. */
  readonly #known = new Set<string>();

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  text(name: string): string | undefined {
    this.#known.add(name);
    return this.#environment[name] || undefined;
  }

  /** Whether the variable or the file of a secret is set. */
  isGiven(name: string): boolean {
    return this.text(name) !== undefined || this.text(`${name}_FILE`) !== undefined;
  }

  /**
   * A secret from the variable, or from the file that `X_FILE` names, without its last line break. An unset one is
   * undefined; an unreadable one is noted and returned as an empty string.
   */
  secret(name: string): string | undefined {
    const [value, file] = [this.text(name), this.text(`${name}_FILE`)];
    if (file === undefined) return value;
    if (value !== undefined) return this.#mistake(`${name} and ${name}_FILE are both set; keep one.`, '');
    try {
      const content = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
      return content || this.#mistake(`${name}_FILE names ${file}, which is empty.`, '');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return this.#mistake(`${name}_FILE names ${file}, which cannot be read (${code}).`, '');
    }
  }

  wholeNumber(
    name: string,
    { fallback, low, high }: { fallback: number; low: number; high: number },
  ): number {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= low && value <= high) return value;
    return this.#mistake(`${name} is "${text}"; it takes a whole number from ${low} to ${high}.`, fallback);
  }

  oneOf<T extends string>(name: string, known: readonly T[], fallback: T): T {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const found = known.find((value) => value === text);
    return found ?? this.#mistake(`${name} is "${text}"; it takes one of ${known.join(', ')}.`, fallback);
  }

  host(name: string, fallback: string): string {
    const text = this.text(name) ?? fallback;
    if (isIP(text) !== 0 || /^[A-Za-z0-9.-]+$/.test(text)) return text;
    return this.#mistake(
      `${name} is "${text}"; it takes an address or a host name, such as 0.0.0.0.`,
      fallback,
    );
  }

  /** An origin without a trailing slash; undefined when it is unset or wrong. */
  origin(name: string): string | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const url = URL.parse(text);
    if (url && /^https?:$/.test(url.protocol) && url.origin === text.replace(/\/$/, '')) return url.origin;
    return this.#mistake(
      `${name} is "${text}"; it takes an origin in lower case, without a path or a default port, such as https://login.example.`,
      undefined,
    );
  }

  /** An address without query, fragment or trailing slash; undefined when it is unset or wrong. */
  address(name: string): string | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const url = URL.parse(text);
    const plain = url && !url.search && !url.hash && !url.username && !url.password && !/[\s?#]/.test(text);
    if (plain && /^https?:$/.test(url.protocol)) return text.replace(/\/$/, '');
    return this.#mistake(
      `${name} is "${text}"; it takes a whole address without query or fragment, such as https://login.example.`,
      undefined,
    );
  }

  directory(name: string): string | undefined {
    const path = this.text(name);
    if (path === undefined) return undefined;
    try {
      readdirSync(path);
      return resolve(path);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      const why = UNREADABLE[code] ?? `cannot be read (${code})`;
      return this.#mistake(`${name} names ${path}, which ${why}.`, undefined);
    }
  }

  /** Addresses and networks in CIDR form. */
  networks(name: string): string[] {
    const list = words(this.text(name));
    const wrong = list.filter((item) => !isNetwork(item));
    for (const item of wrong) {
      this.mistakes.push(
        `${name} has "${item}"; it takes addresses and networks such as 10.0.0.0/8, separated by commas.`,
      );
    }
    return list;
  }

  /**
   * Comes last: also notes variables whose names look like those that were read, misspelt.
   * @throws OperatorError that lists every mistake.
   */
  refuseMistakes(): void {
    const isSet = (name: string) => Boolean(this.#environment[name]);
    const all = [...this.mistakes, ...misspelt(Object.keys(this.#environment), this.#known, isSet)];
    if (all.length > 0)
      throw new OperatorError(
        `The configuration is wrong:\n${all.map((mistake) => `  - ${mistake}`).join('\n')}`,
      );
  }

  #mistake<T>(sentence: string, instead: T): T {
    this.mistakes.push(sentence);
    return instead;
  }
}

/** Splits text at commas and white space. */
export function words(text: string | undefined): string[] {
  return (text ?? '').split(/[\s,]+/).filter(Boolean);
}

function isNetwork(item: string): boolean {
  const [address = '', bits, more] = item.split('/');
  const family = isIP(address);
  if (family === 0 || more !== undefined) return false;
  return bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}
