import { rowsOf } from '../../support/documents/rows.ts';

const PAGE = 'docs/tokens.md';

/** The effect on one kind of thing, according to a row of the table in docs/tokens.md. */
export type Said = 'live' | 'end' | '–';

/** The clients that hear of it at their back channel, according to a row. */
export type Told = 'those of the sessions' | 'that client' | '–';

export interface Line {
  what: string;
  /** The statements of the second column, with '…' for the admin's values. */
  sql: string;
  /** The owner of the affected things. */
  of: string;
  session: Said;
  code: Said;
  refreshToken: Said;
  accessToken: Said;
  idToken: Said;
  told: Told;
}

/** The SQL of a cell; empty for another way. */
function sqlOf(cell: string): string {
  return /^`([A-Z].*)`$/.exec(cell)?.[1] ?? '';
}

/** A change of a registration, and the statement for it, with '…' for the admin's values. */
export const CHANGES: readonly { what: string; sql: string }[] = rowsOf(PAGE, '| what changes |').map(
  ([what = '', how = '']) => ({ what, sql: sqlOf(how) }),
);

export const LINES: readonly Line[] = rowsOf(PAGE, '| what happens |').map(
  ([what = '', how = '', of = '', ...cells]) => {
    const [session, code, refreshToken, accessToken, idToken] = cells.map(said);
    const told = toldOf(cells[5]);
    if (!session || !code || !refreshToken || !accessToken || !idToken || !told)
      throw new Error(`Cells: ${what}`);
    return {
      what,
      sql: sqlOf(how),
      of,
      session,
      code,
      refreshToken,
      accessToken,
      idToken,
      told,
    };
  },
);

export function lineOf(what: string): Line {
  const line = LINES.find((line) => line.what === what);
  if (!line) throw new Error(`docs/tokens.md does not say what happens when ${what}.`);
  return line;
}

function said(cell: string): Said | undefined {
  return cell === 'live' || cell === 'end' || cell === '–' ? cell : undefined;
}

function toldOf(cell: string | undefined): Told | undefined {
  return cell === 'those of the sessions' || cell === 'that client' || cell === '–' ? cell : undefined;
}
