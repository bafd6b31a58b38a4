/** A node of Postgres's grammar. */
export type Tree = Readonly<Record<string, unknown>>;

export type StatementKind = 'INSERT' | 'UPDATE' | 'DELETE' | 'MERGE' | 'SELECT';

/** One statement of a seed. */
export interface SeedStatement {
  kind: StatementKind;
  /** The table that it changes, if it changes one. */
  table: string | undefined;
  /** The columns that an INSERT names. */
  columns: readonly string[] | undefined;
  /** Its text, with the blanks and comments before it. */
  text: string;
  /** Where this text begins in the file, in characters. */
  offset: number;
  /** Where its first word stands in the file, from 1. */
  line: number;
  column: number;
  /** Its node of the grammar. */
  tree: Tree;
}

/** A statement as the parser answers it: places count bytes, a place of 0 and the length of the last one are left out. */
interface Parsed {
  stmt?: unknown;
  stmt_location?: number;
  stmt_len?: number;
}

const KINDS: Readonly<Record<string, StatementKind>> = {
  InsertStmt: 'INSERT',
  UpdateStmt: 'UPDATE',
  DeleteStmt: 'DELETE',
  MergeStmt: 'MERGE',
  SelectStmt: 'SELECT',
};

const BLANKS = /^(\s+|--[^\n]*|\/\*[\s\S]*?\*\/)*/;

/** The statements of a seed, which holds no others than these five kinds. */
export function statementsOf(sql: string, parsed: readonly Parsed[]): SeedStatement[] {
  const bytes = Buffer.from(sql);
  const walk = walkThrough(bytes);
  return parsed.map(({ stmt, stmt_location: start = 0, stmt_len: length }) => {
    const [[name = '', tree = {}] = []] = Object.entries((stmt ?? {}) as Record<string, Tree>);
    const text = bytes.subarray(start, length ? start + length : undefined).toString();
    const { offset } = walk(start);
    const { line, column } = walk(start + Buffer.byteLength(BLANKS.exec(text)?.[0] ?? ''));
    const { relname } = (tree.relation ?? {}) as { relname?: string };
    const columns = tree.cols ? namesOf(tree.cols, 'ResTarget') : undefined;
    return { kind: KINDS[name] ?? 'SELECT', table: relname, columns, text, offset, line, column, tree };
  });
}

/** The names in a list of nodes of this kind. */
export function namesOf(list: unknown, node: string): string[] {
  return ((list ?? []) as Record<string, { name?: string }>[]).flatMap((item) => item[node]?.name ?? []);
}

/** Answers places by their bytes, in ascending order, and passes over each byte once. */
function walkThrough(bytes: Buffer): (until: number) => { offset: number; line: number; column: number } {
  let [at, offset, line, lineOffset] = [0, 0, 1, 0];
  return (until) => {
    for (; at < until; at += 1) {
      const byte = bytes[at] ?? 0;
      // The other bytes of a character begin with the bits 10.
      if ((byte & 0xc0) !== 0x80) offset += 1;
      if (byte === 0x0a) [line, lineOffset] = [line + 1, offset];
    }
    return { offset, line, column: offset - lineOffset + 1 };
  };
}

/** The tables that the WITH queries of a statement change. A table that is only read has no such place. */
export function changedTables(node: unknown): Set<string> {
  const found = new Set<string>();
  const search = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, part] of Object.entries(value)) {
      if (Object.hasOwn(KINDS, key))
        found.add((part as { relation?: { relname?: string } }).relation?.relname ?? '');
      search(part);
    }
  };
  search(node);
  return found;
}
