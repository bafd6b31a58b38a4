export type KeySet = 'oidc' | 'listnr';

/** A signed token. Times are those of `performance.now()`. */
interface Signature {
  keySet: KeySet;
  server: string;
  kid: string;
  askedAt: number;
  answeredAt: number;
}

/** The keys that signed, with times and servers. */
export interface Signatures {
  add(signature: Signature): void;
  /** The keys of a set, at one server or at all, in the order in which they began to sign. */
  kids(keySet: KeySet, server?: string): string[];
  /** When the last token of a set was asked for. */
  lastAsked(keySet: KeySet): Date;
  /**
   * The longest time, in milliseconds, for which a key still signed after its successor had begun to, at any server.
   */
  longestOverlap(keySet: KeySet): number;
}

export function createSignatures(): Signatures {
  const all: Signature[] = [];
  const of = (keySet: KeySet, server?: string) =>
    all
      .filter((signature) => signature.keySet === keySet && (!server || signature.server === server))
      .toSorted((a, b) => a.askedAt - b.askedAt);
  const kids = (keySet: KeySet, server?: string) => [...new Set(of(keySet, server).map(({ kid }) => kid))];

  return {
    add: (signature) => all.push(signature),
    kids,
    lastAsked: (keySet) => new Date(performance.timeOrigin + (of(keySet).at(-1)?.askedAt ?? 0)),
    longestOverlap(keySet) {
      const signatures = of(keySet);
      const overlaps = kids(keySet).map((kid, n, order) => {
        const lastOfOld = signatures.findLast((signature) => signature.kid === order[n - 1])?.askedAt ?? 0;
        const firstOfNew = signatures
          .filter((signature) => signature.kid === kid)
          .reduce((first, { answeredAt }) => Math.min(first, answeredAt), Number.POSITIVE_INFINITY);
        return lastOfOld - firstOfNew;
      });
      return Math.max(0, ...overlaps);
    },
  };
}
