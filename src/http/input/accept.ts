/**
 * Whether an `Accept` header (RFC 9110 section 12.5.1) asks for `type`, and rather than for `other`. A wildcard asks for
 * neither. If both are worth the same, the first one counts.
 */
export function prefers(accept: string | undefined, type: string, other: string): boolean {
  if (accept === undefined || accept.length < type.length) return false;
  const [best] = accept
    .split(',')
    .map(readRange)
    .filter(({ name, weight }) => weight > 0 && (name === type || name === other))
    .toSorted((a, b) => b.weight - a.weight);
  return best?.name === type;
}

function readRange(text: string): { name: string; weight: number } {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
  return { name, weight: /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(weight) ? Number(weight) : 0 };
}
