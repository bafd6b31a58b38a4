/** A pair of Envoy's header, and the character behind it. A value with a separator in it is quoted. */
const PAIR = /\s*([A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^",;]*))\s*(;|,|$)/y;

/**
 * The certificate in Envoy's `x-forwarded-client-cert`: PEM, URL-encoded. Undefined for a list, to which a stranger may
 * have written an element, for an element with several certificates or none, and for other text.
 */
export function forwardedCertificate(header: string): string | undefined {
  const found: string[] = [];
  PAIR.lastIndex = 0;
  while (PAIR.lastIndex < header.length) {
    const [pair, key = '', quoted, plain = '', end] = PAIR.exec(header) ?? [];
    if (pair === undefined || end === ',') return undefined;
    if (key.toLowerCase() === 'cert') found.push(quoted?.replaceAll(/\\(.)/g, '$1') ?? plain);
  }
  return found.length === 1 ? found[0] : undefined;
}
