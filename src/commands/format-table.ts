/** Formats rows as a table. Each column is as wide as its widest cell; the columns in `right` are right-aligned. */
export function formatTable(rows: readonly (readonly string[])[], { right = [] as number[] } = {}): string[] {
  const widths = (rows[0] ?? []).map((_, n) => Math.max(...rows.map((row) => row[n]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, n) => (right.includes(n) ? cell.padStart(widths[n] ?? 0) : cell.padEnd(widths[n] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
