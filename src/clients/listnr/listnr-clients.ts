import { type Followed, keepCopy } from '../../platform/copies/kept-copy.ts';
import { isSlow } from '../../platform/secrets/digest.ts';
import type { KnownSecret } from '../secrets/client-secrets.ts';
import type { ListnrClient } from './listnr-client.ts';
import type { ListnrClientStore, ListnrRegistration } from './listnr-client-store.ts';

/**
 * All LiSTNR clients and the digests of their secrets, in memory from the start. So tokens need no database, and
 * guessing names costs the database nothing. A client that is missing here is unknown. A new client is found about a
 * second after its registration, at the next look at the versions.
 */
export interface ListnrClients extends Followed {
  readonly count: number;
  find(id: string): ListnrClient | undefined;
  /** The secrets of a client, including expired ones; none for an unknown client. */
  secretsOf(id: string): readonly KnownSecret[];
  /** The slow digests of a client that has more of them than any other. */
  slowDigests(): readonly string[];
}

export async function createListnrClients(store: ListnrClientStore): Promise<ListnrClients> {
  const copy = await keepCopy(store.readAll);
  let slow: { content: unknown; digests: readonly string[] } | undefined;
  return {
    get count() {
      return copy.content.size;
    },
    get confirmedAt() {
      return copy.confirmedAt;
    },
    find: (id) => copy.content.get(id)?.client,
    secretsOf: (id) => copy.content.get(id)?.secrets ?? [],
    slowDigests() {
      const { content } = copy;
      if (slow?.content !== content) slow = { content, digests: mostSlowDigests(content.values()) };
      return slow.digests;
    },
    follow: copy.follow,
    reload: copy.reload,
  };
}

function mostSlowDigests(registrations: Iterable<ListnrRegistration>): readonly string[] {
  let most: readonly string[] = [];
  for (const { secrets } of registrations) {
    const digests = secrets.map(({ digest }) => digest).filter(isSlow);
    if (digests.length > most.length) most = digests;
  }
  return most;
}
