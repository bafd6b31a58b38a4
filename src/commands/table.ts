/** Lines of a table whose columns are as wide as their widest cell. Columns named in `right` hold numbers. */
export function formatTable(rows: readonly (readonly string[])[], { right = [] as number[] } = {}): string[] {
  const widths = (rows[0] ?? []).map((_, n) => Math.max(...rows.map((row) => row[n]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, n) => (right.includes(n) ? cell.padStart(widths[n] ?? 0) : cell.padEnd(widths[n] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
