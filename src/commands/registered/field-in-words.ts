/** A column that changed. */
export interface Field {
  column: string;
  old: unknown;
  new: unknown;
}

/** `redirect_uris: with https://app.example/callback`, `name: Portal → Acme Portal`. */
export function fieldInWords({ column, old, new: now }: Field): string {
  if (Array.isArray(old) && Array.isArray(now)) {
    const [less, more] = [old.filter((one) => !now.includes(one)), now.filter((one) => !old.includes(one))];
    const parts = [
      ...(less.length > 0 ? [`without ${valueInWords(less)}`] : []),
      ...(more.length > 0 ? [`with ${valueInWords(more)}`] : []),
    ];
    if (parts.length > 0) return `${column}: ${parts.join(', ')}`;
  }
  return `${column}: ${valueInWords(old)} → ${valueInWords(now)}`;
}

export function valueInWords(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  if (Array.isArray(value)) return value.length === 0 ? '{}' : value.join(' ');
  if (typeof value === 'object') return JSON.stringify(value);
  return value === '' ? "''" : String(value);
}
