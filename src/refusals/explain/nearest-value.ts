import { nearestName } from '../../platform/nearest-name.ts';

/** The registered value that one most resembles. */
export interface NearestValue {
  value: string;
  /** For addresses: the parts in which they differ, such as `port`. */
  differs: string[];
}

const PARTS = ['scheme', 'host', 'port', 'path', 'query', 'fragment'] as const;
type Part = (typeof PARTS)[number];

/** An address that differs in more parts is another address, and no slip. */
const MOST_DIFFERENT = 2;

/** Undefined when it resembles none of them. Addresses are compared part by part, so that one of many letters does not matter more. */
export function nearestValue(came: string, registered: readonly string[]): NearestValue | undefined {
  const address = partsOf(came);
  if (address) {
    const near = registered
      .flatMap((value) => {
        const other = partsOf(value);
        const differs = other && PARTS.filter((part) => other[part] !== address[part]);
        return differs && isSlip(differs, address, other) ? [{ value, differs }] : [];
      })
      .toSorted((one, other) => weightOf(one.differs) - weightOf(other.differs));
    if (near[0]) return near[0];
  }
  const value = nearestName(came, registered);
  return value === undefined ? undefined : { value, differs: [] };
}

/** The same path makes an address nearer than another one that differs in as many parts. */
function weightOf(differs: readonly Part[]): number {
  return differs.length + (differs.includes('path') ? 0.5 : 0);
}

/** The host must be the same, or a slip itself. `localhost` and its addresses are one. */
function isSlip(differs: readonly Part[], one: Parts, other: Parts): boolean {
  if (differs.length > MOST_DIFFERENT) return false;
  return (
    !differs.includes('host') ||
    (isLoopback(one.host) && isLoopback(other.host)) ||
    nearestName(one.host, [other.host]) !== undefined
  );
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '127.0.0.1' || host === '[::1]';
}

type Parts = Record<Part, string>;

/** As it is written, because redirect addresses are compared like that. */
function partsOf(text: string): Parts | undefined {
  const found =
    /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(\[[^\]/?#]*\]|[^:/?#]*)(:\d*)?([^?#]*)(\?[^#]*)?(#.*)?$/.exec(text);
  if (!found) return undefined;
  const [, scheme = '', host = '', port = '', path = '', query = '', fragment = ''] = found;
  return { scheme, host, port, path, query, fragment };
}
