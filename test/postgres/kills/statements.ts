import type { Wire } from '../../machines/wire.ts';

/** A statement of a request, known by its name and by a value that only this request has. */
export interface Statement {
  name: string;
  value: Buffer;
}

/** How a statement is broken off: before Postgres has it, or when it is committed and before its answer is back. */
export type Break = 'unsent' | 'unanswered';

export interface Statements {
  /** The statements with this value since the last `forget`, in order. */
  sent(value: Buffer): string[];
  forget(): void;
  /** Breaks these off, and acts when all of them have come so far. */
  breakOff(how: Break, statements: readonly Statement[], act: () => void): void;
  isBreaking(): boolean;
}

/** The names of the statements of exchange, refresh, userinfo and introspection, and those that serve several at once. */
const NAMES: Readonly<Record<string, string>> = {
  redeem_authorization_code_: 'redeem_authorization_code',
  rotate_refresh_family_: 'rotate_refresh_family',
  rotate_refresh_families_: 'rotate_refresh_family',
  find_refresh_family_: 'find_refresh_family',
  find_artifact_: 'find_artifact',
  find_access_token_state_: 'find_access_token_state',
  find_access_token_states_: 'find_access_token_state',
};

/** `ReadyForQuery`, outside of a transaction (PostgreSQL, "Message Formats"): the statement is committed. */
const COMMITTED = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

/** The statements of a message (`Bind`) that have a value. In a list of bytes, a value is written in hexadecimal. */
function statementsWith(value: Buffer, bytes: Buffer): string[] {
  const name = Object.keys(NAMES).find((known) => bytes.includes(known)) ?? '';
  const times = occurrences(value, bytes) + occurrences(Buffer.from(`\\x${value.toString('hex')}`), bytes);
  return Array(name === '' ? 0 : times).fill(NAMES[name]);
}

function occurrences(value: Buffer, bytes: Buffer): number {
  const at = bytes.indexOf(value);
  return at === -1 ? 0 : 1 + occurrences(value, bytes.subarray(at + value.length));
}

/** Reads the statements on a wire to Postgres. */
export function statementsOn(wire: Wire): Statements {
  let seen: Buffer[] = [];
  let breaking: { how: Break; statements: readonly Statement[]; left: number; act(): void } | undefined;
  /** The broken connections, each with the number of statements that it broke off. */
  const broken = new Map<object, number>();
  const arrive = (count: number) => {
    if (!breaking) return;
    breaking.left -= count;
    if (breaking.left > 0) return;
    const { act } = breaking;
    breaking = undefined;
    act();
  };
  wire.watch(({ bytes, towards, connection }) => {
    const count = broken.get(connection);
    if (towards === 'client') {
      if (count === undefined) return true;
      if (breaking?.how === 'unanswered' && bytes.includes(COMMITTED)) {
        broken.set(connection, 0);
        arrive(count);
      }
      return false;
    }
    if (count !== undefined) return false;
    seen.push(bytes);
    const distinct = new Map(
      breaking?.statements.map((one) => [`${one.name} ${one.value.toString('hex')}`, one]),
    );
    const hit = [...distinct.values()].flatMap(({ name, value }) =>
      statementsWith(value, bytes).filter((known) => known === name),
    ).length;
    if (hit === 0) return true;
    broken.set(connection, hit);
    if (breaking?.how === 'unanswered') return true;
    arrive(hit);
    return false;
  });
  return {
    sent: (value) => seen.flatMap((bytes) => statementsWith(value, bytes)),
    forget() {
      seen = [];
    },
    breakOff(how, statements, act) {
      broken.clear();
      breaking = { how, statements, left: statements.length, act };
    },
    isBreaking: () => breaking !== undefined,
  };
}
