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
}

/** The names of the statements of exchange, refresh, userinfo and introspection. */
const NAMES = [
  'redeem_authorization_code',
  'rotate_refresh_family',
  'find_refresh_family',
  'find_artifact',
  'find_access_token_state',
];

/** `ReadyForQuery`, outside of a transaction (PostgreSQL, "Message Formats"): the statement is committed. */
const COMMITTED = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

/** Reads the statements on a wire to Postgres. Each comes with its name in one message (`Bind`). */
export function statementsOn(wire: Wire): Statements {
  let seen: Buffer[] = [];
  let breaking: { how: Break; statements: readonly Statement[]; act(): void } | undefined;
  const broken = new Set<object>();
  const come = new Set<object>();
  const arrive = (connection: object) => {
    come.add(connection);
    if (come.size !== breaking?.statements.length) return;
    const { act } = breaking;
    breaking = undefined;
    act();
  };
  wire.watch(({ bytes, towards, connection }) => {
    if (towards === 'client') {
      if (!broken.has(connection)) return true;
      if (breaking?.how === 'unanswered' && bytes.includes(COMMITTED)) arrive(connection);
      return false;
    }
    if (broken.has(connection)) return false;
    seen.push(bytes);
    const isAtStatement = breaking?.statements.some(
      ({ name, value }) => bytes.includes(name) && bytes.includes(value),
    );
    if (!isAtStatement) return true;
    broken.add(connection);
    if (breaking?.how === 'unanswered') return true;
    arrive(connection);
    return false;
  });
  return {
    sent: (value) =>
      seen
        .filter((bytes) => bytes.includes(value))
        .flatMap((bytes) => NAMES.filter((name) => bytes.includes(name))),
    forget() {
      seen = [];
    },
    breakOff(how, statements, act) {
      come.clear();
      broken.clear();
      breaking = { how, statements, act };
    },
  };
}
