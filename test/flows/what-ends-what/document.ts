import { readFileSync } from 'node:fs';

/** What a line of the table in docs/tokens.md says happens to each kind of thing. */
export type Said = 'live' | 'end' | '–';

export interface Line {
  what: string;
  /** The statements of its second column; an admin puts something in the place of each '…'. */
  sql: string;
  /** Whose things it touches. */
  of: string;
  session: Said;
  code: Said;
  refreshToken: Said;
  accessToken: Said;
  idToken: Said;
}

const page = readFileSync(new URL('../../../docs/tokens.md', import.meta.url), 'utf8');

export const LINES: readonly Line[] = page
  .slice(page.indexOf('| what happens |'))
  .split('\n\n', 1)
  .flatMap((table) => table.split('\n').slice(2))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, what = '', how = '', of = '', ...cells]) => {
    const [session, code, refreshToken, accessToken, idToken] = cells.map(said);
    if (!session || !code || !refreshToken || !accessToken || !idToken) throw new Error(`Cells: ${what}`);
    return {
      what,
      sql: /^`([A-Z].*)`$/.exec(how)?.[1] ?? '',
      of,
      session,
      code,
      refreshToken,
      accessToken,
      idToken,
    };
  });

export function lineOf(what: string): Line {
  const line = LINES.find((line) => line.what === what);
  if (!line) throw new Error(`docs/tokens.md does not say what happens when ${what}.`);
  return line;
}

function said(cell: string): Said | undefined {
  return cell === 'live' || cell === 'end' || cell === '–' ? cell : undefined;
}
